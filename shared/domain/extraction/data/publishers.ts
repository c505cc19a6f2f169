/**
 * Domains of those who write about threats. They are no indicators however they are written: a report names its own
 * publisher and quotes others. Own compilation; one entry covers its subdomains.
 */

import type { DomainList } from '../warning-lists.ts'

export const SECURITY_VENDORS: DomainList = {
  list: 'security-vendor',
  reason: 'site of a security vendor or research team',
  strength: 'always',
  domains: `
    eset.com eset.sk eset.cz eset.eu eset.co.uk esetstatic.com welivesecurity.com virusradar.com eset-la.com
    kaspersky.com kaspersky.ru kaspersky.co.uk securelist.com securelist.ru viruslist.com threatpost.com
    kasperskycontenthub.com trendmicro.com trendmicro.co.jp trendmicro.eu zerodayinitiative.com symantec.com
    security.com broadcom.com norton.com nortonlifelock.com gendigital.com mcafee.com trellix.com skyhighsecurity.com
    fireeye.com mandiant.com crowdstrike.com hybrid-analysis.com paloaltonetworks.com talosintelligence.com snort.org
    clamav.net sentinelone.com sentinellabs.com checkpoint.com checkpoint.co.il fortinet.com fortiguard.com sophos.com
    naked-security.com nakedsecurity.com surfright.nl hitmanpro.com bitdefender.com bitdefender.ro malwarebytes.com
    threatdown.com avast.com avast.io avg.com avira.com gdata.de gdatasoftware.com gdata-software.com f-secure.com
    withsecure.com drweb.com drweb.ru group-ib.com group-ib.ru ptsecurity.com ptsecurity.ru facct.ru solar-security.ru
    rt-solar.ru bi.zone cyble.com seqrite.com quickheal.com k7computing.com ahnlab.com estsecurity.com alyac.co.kr
    genians.co.kr s2w.inc s2w.io 360.cn 360.com qianxin.com antiy.com antiy.cn antiy.net venustech.com.cn nsfocus.com
    nsfocusglobal.com knownsec.com threatbook.cn threatbook.io huorong.cn rising.com.cn proofpoint.com
    emergingthreats.net cofense.com mimecast.com abnormalsecurity.com barracuda.com ironscales.com inky.com
    vadesecure.com agari.com area1security.com greathorn.com hornetsecurity.com recordedfuture.com anomali.com
    threatconnect.com eclecticiq.com intel471.com flashpoint-intel.com flashpoint.io digitalshadows.com reliaquest.com
    riskiq.com riskiq.net cybersixgill.com kelacyber.com intsights.com zerofox.com socradar.io cyberint.com
    cyberproof.com hudsonrock.com team-cymru.com team-cymru.org domaintools.com silentpush.com infoblox.com
    secureworks.com rapid7.com tenable.com qualys.com elastic.co carbonblack.com cybereason.com cylance.com
    blackberry.com netskope.com zscaler.com menlosecurity.com forcepoint.com websense.com deepinstinct.com
    minerva-labs.com morphisec.com cynet.com vectra.ai darktrace.com extrahop.com corelight.com esentire.com
    redcanary.com huntress.com arcticwolf.com expel.com expel.io blumira.com todyl.com binarydefense.com
    trustedsec.com specterops.io nccgroup.com nccgroup.trust fox-it.com fox-srt.com northwave-security.com pwc.com
    pwc.co.uk kpmg.com deloitte.com accenture.com idefense.com verizonenterprise.com kroll.com stairwell.com
    volexity.com thedfirreport.com dragos.com claroty.com nozominetworks.com scadafence.com clearskysec.com
    cybercx.com.au cadosecurity.com sysdig.com aquasec.com wiz.io lacework.com orca.security uptycs.com sygnia.co
    profero.io securityjoes.com hunters.security axonius.com perception-point.io safebreach.com picussecurity.com
    attackiq.com cymulate.com scythe.io pentera.io mitiga.io permiso.io obsidiansecurity.com gosecure.net gosecure.ai
    quadrantsec.com watchguard.com pandasecurity.com sonicwall.com trustwave.com levelblue.com alienvault.com att.com
    offsec.com offensive-security.com kali.org exploit-db.com metasploit.com vulncheck.com assetnote.io horizon3.ai
    watchtowr.com greynoise.io shadowserver.org spamhaus.org spamhaus.com surbl.org abuseipdb.com sekoia.io
    harfanglab.io synacktiv.com quarkslab.com yeswehack.com intrinsec.com orangecyberdefense.com certfa.com
    citizenlab.ca amnesty.org accessnow.org malpedia.io vx-underground.org sans.org sans.edu giac.org cisecurity.org
    first.org cyberthreatalliance.org prodaft.com telsy.com yoroi.company cleafy.com d3lab.net tgsoft.it
    threatfabric.com zimperium.com lookout.com pradeo.com promon.co wandera.com appdome.com cert.pl cyberark.com
    beyondtrust.com okta.com auth0.com duo.com jumpcloud.com 1password.com lastpass.com dashlane.com
    keepersecurity.com bitwarden.com delinea.com imperva.com sucuri.net wordfence.com patchstack.com wpscan.com
    malcare.com sansec.io sitelock.com lac.co.jp iij.ad.jp ntt.com macnica.net nttsecurity.com jpcert.or.jp teamt5.org
    cycraft.com anyrun.com any.run joesecurity.org joesandbox.com vmray.com intezer.com reversinglabs.com hatching.io
    opswat.com metadefender.com lastline.com cuckoosandbox.org payload-security.com objective-see.com
    objective-see.org jamf.com intego.com kandji.io breaking-security.net bruteratel.com cobaltstrike.com fortra.com
    helpsystems.com coresecurity.com immunityinc.com invictus-ir.com inversecos.com bushidotoken.net
    krebsonsecurity.com schneier.com troyhunt.com haveibeenpwned.com ciscotalos.com opendns.com umbrella.com cisco.com
    googleprojectzero.blogspot.com security.googleblog.com projectzero.google cybercrime-tracker.net
    malware-traffic-analysis.net ransomware.live ransomlook.io ransomwatch.org nomoreransom.org idransomware.com
    id-ransomware.malwarehunterteam.com malwarehunterteam.com emsisoft.com bleepingcomputer.com cyberscoop.com
    therecord.media securityweek.com darkreading.com thehackernews.com hackread.com securityaffairs.com
    securityaffairs.co helpnetsecurity.com infosecurity-magazine.com scmagazine.com scworld.com csoonline.com
    cybersecuritydive.com databreaches.net bankinfosecurity.com databreachtoday.com govinfosecurity.com
    healthcareinfosecurity.com inforisktoday.com grahamcluley.com cyberdefensemagazine.com threatview.io sigmahq.io
    uncoder.io socprime.com nextron-systems.com yara-rules.com virustotal.com plusvic.github.io yarahq.github.io
    threatmon.io socinvestigation.com cyware.com cybelangel.com securin.io cyfirma.com cloudsek.com bitsight.com
    securityscorecard.com upguard.com prevailion.com hyas.com threatstop.com quad9.net guidepointsecurity.com
    coveware.com chainalysis.com elliptic.co trmlabs.com cyjax.com pondurance.com bridewell.com nviso.eu
    hasherezade.github.io malwarelab.pl openanalysis.net zayotem.com yoroi.eu vuldb.com cvedetails.com
    packetstormsecurity.com seclists.org nmap.org wireshark.org tracker.h3x.eu phishtank.com openphish.com
    phishlabs.com phishfort.com checkphish.ai bolster.ai censys.io censys.com shodan.io zoomeye.org fofa.info
    binaryedge.io onyphe.io urlscan.io urlvoid.com abuse.ch misp-project.org misp.software opencti.io filigran.io
    circl.lu tria.ge threatminer.org threatcrowd.org malshare.com virusshare.com virusbulletin.com virusbtn.com
    av-test.org av-comparatives.org pulsedive.com maltiverse.com spyse.com passivetotal.org passivetotal.com
    viriback.com viewdns.info whois.com whoisxmlapi.com crt.sh mxtoolbox.com ipvoid.com malwarepatrol.net
    threatintelligenceplatform.com attackerkb.com lolbas-project.github.io gtfobins.github.io
  `,
}

export const NEWS_MEDIA: DomainList = {
  list: 'news-media',
  reason: 'site of a news medium',
  strength: 'always',
  domains: `
    nytimes.com washingtonpost.com wsj.com reuters.com bloomberg.com apnews.com bbc.com bbc.co.uk theguardian.com
    cnn.com ft.com economist.com forbes.com fortune.com businessinsider.com cnbc.com nbcnews.com abcnews.go.com
    cbsnews.com npr.org politico.com politico.eu axios.com vice.com wired.com wired.co.uk arstechnica.com
    techcrunch.com theverge.com zdnet.com cnet.com engadget.com gizmodo.com theregister.com theregister.co.uk
    computerweekly.com computerworld.com infoworld.com networkworld.com pcmag.com pcworld.com tomshardware.com
    techradar.com techrepublic.com venturebeat.com thenextweb.com slashdot.org itpro.co.uk itnews.com.au heise.de
    golem.de spiegel.de zeit.de faz.net sueddeutsche.de lemonde.fr lefigaro.fr elpais.com corriere.it repubblica.it
    rferl.org aljazeera.com dw.com scmp.com japantimes.co.jp nikkei.com yonhapnews.co.kr yna.co.kr koreatimes.co.kr
    timesofindia.com indiatimes.com thehindu.com haaretz.com timesofisrael.com jpost.com ynetnews.com kyivpost.com
    kyivindependent.com theatlantic.com newyorker.com propublica.org bellingcat.com theintercept.com foreignpolicy.com
    lawfareblog.com lawfaremedia.org justsecurity.org cfr.org atlanticcouncil.org csis.org rand.org brookings.edu
    prnewswire.com businesswire.com globenewswire.com archive.org web.archive.org archive.is archive.ph
  `,
}

export const GOVERNMENT_AND_CERT: DomainList = {
  list: 'government-cert',
  reason: 'site of a government agency, CERT or law enforcement',
  strength: 'always',
  domains: `
    cisa.gov us-cert.gov cert.org ic3.gov fbi.gov nsa.gov cyber.gov.au nist.gov dhs.gov justice.gov treasury.gov
    secretservice.gov cybercom.mil defense.gov state.gov whitehouse.gov hhs.gov sec.gov ftc.gov fcc.gov energy.gov
    army.mil dc3.mil stopransomware.gov ncsc.gov.uk nationalcrimeagency.gov.uk ncsc.ie ncsc.nl ncsc.govt.nz
    cert.govt.nz cyber.gc.ca canada.ca cert.ssi.gouv.fr ssi.gouv.fr cyber.gouv.fr bsi.bund.de bka.de
    verfassungsschutz.de cert-bund.de cert.at govcert.ch ncsc.admin.ch melani.admin.ch cert.be ccb.belgium.be cert.dk
    cfcs.dk cert.se ncsc.se cert.fi kyberturvallisuuskeskus.fi ncsc.no nsm.no cert.lv cert.lt ria.ee cert.ee
    cert.gov.ua cip.gov.ua ssu.gov.ua cert.gov.pl csirt.gov.pl csirt.cz nukib.cz csirt.sk sk-cert.sk cert.hu cert.ro
    cert.bg ccn-cert.cni.es incibe.es incibe-cert.es csirt.gov.it acn.gov.it cert-agid.gov.it cncs.gov.pt cert.pt
    europa.eu europol.europa.eu interpol.int un.org nato.int ccdcoe.org nisc.go.jp npa.go.jp ipa.go.jp krcert.or.kr
    boho.or.kr kisa.or.kr nis.go.kr cert-in.org.in csa.gov.sg cert.org.cn cncert.org.cn cverc.org.cn hkcert.org
    twcert.org.tw apcert.org thaicert.or.th mitre.org cve.org auscert.org.au cert.org.au cert.br
  `,
}

/** Public suffixes and names under which only governments register; defanged ones can be compromised sites. */
export const GOVERNMENT_SUFFIXES: readonly string[] = [
  'gov',
  'mil',
  'gov.uk',
  'mod.uk',
  'gov.au',
  'gov.in',
  'gov.il',
  'gov.sg',
  'gov.ua',
  'gov.pl',
  'gov.br',
  'gov.it',
  'gouv.fr',
  'go.jp',
  'go.kr',
  'gc.ca',
  'gob.mx',
  'gob.es',
  'govt.nz',
  'admin.ch',
  'bund.de',
  'europa.eu',
]
