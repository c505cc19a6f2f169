/**
 * Domains of services that everybody uses, and that adversaries therefore use too. Own compilation. An entry covers its
 * subdomains; one that starts with `=` covers only itself and its `www.`, because what lies below belongs to customers or
 * is an interface that malware calls.
 */

import type { DomainList } from '../warning-lists.ts'

/** Sites that nobody can block; malware contacts them to see whether it is online, and reports defang them all the same. */
export const UNBLOCKABLE_SITES: DomainList = {
  list: 'top-site',
  reason: 'one of the most visited sites, harmless as a whole',
  strength: 'always',
  domains: `
    =google.com =youtube.com =facebook.com =instagram.com =twitter.com =x.com =linkedin.com =whatsapp.com
    =wikipedia.org =microsoft.com =windows.com =windowsupdate.com =office.com =office365.com =live.com =bing.com
    =msn.com =outlook.com =apple.com =icloud.com =amazon.com =netflix.com =yahoo.com =baidu.com =qq.com =taobao.com
    =yandex.ru =yandex.com =mail.ru =vk.com =cloudflare.com =github.com =adobe.com =mozilla.org =gmail.com
    =hotmail.com =zoom.us =paypal.com =ebay.com =reddit.com =tiktok.com =samsung.com =intel.com =oracle.com =ibm.com
    =nvidia.com
  `,
}

export const TOP_SITES: DomainList = {
  list: 'top-site',
  reason: 'widely used, harmless site',
  strength: 'unless-defanged',
  domains: `
    google.com google.co.uk google.de google.fr google.co.jp google.ru google.com.br google.co.in googleapis.com
    gstatic.com googleusercontent.com googletagmanager.com google-analytics.com googlesyndication.com
    googleadservices.com doubleclick.net ggpht.com withgoogle.com googleblog.com blog.google android.com chromium.org
    chrome.com microsoft.com windows.com windowsupdate.com microsoftonline.com office.com office365.com office.net
    live.com bing.com msn.com azure.com visualstudio.com sharepoint.com skype.com xbox.com msftconnecttest.com
    msftncsi.com asp.net sysinternals.com nuget.org powershellgallery.com dot.net aka.ms apple.com icloud.com
    mzstatic.com cdn-apple.com swift.org webkit.org amazon.com amazon.co.uk amazon.de amazon.co.jp amazon.in
    media-amazon.com aboutamazon.com wikipedia.org wikimedia.org wiktionary.org mediawiki.org wikidata.org fandom.com
    yahoo.com yahoo.co.jp yimg.com aol.com duckduckgo.com ask.com baidu.com bdstatic.com sogou.com so.com qq.com
    tencent.com wechat.com taobao.com tmall.com alibaba.com aliexpress.com alipay.com jd.com sina.com.cn sohu.com
    163.com netease.com bilibili.com zhihu.com csdn.net douban.com iqiyi.com yandex.ru yandex.com yandex.net mail.ru
    rambler.ru ok.ru dzen.ru habr.com avito.ru naver.com daum.net kakao.com rakuten.co.jp line.me netflix.com
    spotify.com hulu.com disneyplus.com twitch.tv vimeo.com dailymotion.com soundcloud.com imdb.com ebay.com etsy.com
    walmart.com target.com bestbuy.com ikea.com booking.com airbnb.com tripadvisor.com expedia.com uber.com lyft.com
    yelp.com craigslist.org zillow.com indeed.com glassdoor.com monster.com paypal.com visa.com mastercard.com
    americanexpress.com stripe.com squareup.com wise.com revolut.com chase.com bankofamerica.com wellsfargo.com
    citibank.com hsbc.com barclays.co.uk adobe.com adobe.io adobelogin.com typekit.net mozilla.org mozilla.com
    mozilla.net firefox.com thunderbird.net opera.com brave.com vivaldi.com torproject.org openssl.org openssh.com
    openbsd.org freebsd.org netbsd.org ubuntu.com canonical.com launchpad.net debian.org redhat.com fedoraproject.org
    centos.org opensuse.org suse.com archlinux.org gentoo.org alpinelinux.org linuxmint.com linux.org
    linuxfoundation.org kernel.org gnu.org fsf.org apache.org nginx.org nginx.com php.net python.org pypi.org
    pythonhosted.org readthedocs.io readthedocs.org perl.org cpan.org metacpan.org ruby-lang.org rubygems.org
    rust-lang.org crates.io docs.rs golang.org go.dev pkg.go.dev nodejs.org npmjs.com npmjs.org yarnpkg.com deno.land
    typescriptlang.org reactjs.org react.dev vuejs.org angular.io jquery.com getbootstrap.com java.com openjdk.org
    oracle.com mysql.com postgresql.org sqlite.org mongodb.com redis.io redis.com mariadb.org elasticsearch.org
    docker.com docker.io kubernetes.io helm.sh terraform.io hashicorp.com ansible.com jenkins.io circleci.com
    travis-ci.org travis-ci.com jetbrains.com eclipse.org gradle.org maven.org mvnrepository.com sonatype.org
    sonatype.com spring.io w3schools.com stackoverflow.com stackexchange.com superuser.com serverfault.com
    askubuntu.com mathoverflow.net quora.com hackernews.com ycombinator.com medium.com substack.com dev.to
    hashnode.com wordpress.org drupal.org joomla.org magento.com shopify.com squarespace.com wix.com weebly.com
    godaddy.com namecheap.com cloudflare.com cloudflare-dns.com akamai.com fastly.com digitalocean.com linode.com
    vultr.com ovh.com ovhcloud.com hetzner.com hetzner.de rackspace.com leaseweb.com salesforce.com slack.com zoom.us
    zoom.com webex.com atlassian.com trello.com notion.so airtable.com asana.com zendesk.com hubspot.com mailchimp.com
    sendgrid.com twilio.com okta.com servicenow.com workday.com sap.com ibm.com hp.com hpe.com dell.com lenovo.com
    asus.com acer.com samsung.com lg.com sony.com panasonic.com toshiba.com huawei.com xiaomi.com mi.com oppo.com
    vivo.com oneplus.com nokia.com ericsson.com qualcomm.com intel.com amd.com nvidia.com arm.com ti.com vmware.com
    citrix.com juniper.net f5.com netgear.com tp-link.com d-link.com dlink.com zyxel.com ubnt.com ui.com mikrotik.com
    synology.com qnap.com wdc.com seagate.com teamviewer.com anydesk.com logmein.com splashtop.com connectwise.com
    screenconnect.com realvnc.com tightvnc.com radmin.com putty.org chiark.greenend.org.uk winscp.net
    filezilla-project.org 7-zip.org rarlab.com win-rar.com winzip.com videolan.org notepad-plus-plus.org irfanview.com
    foxitsoftware.com libreoffice.org openoffice.org steampowered.com steamcommunity.com epicgames.com roblox.com
    minecraft.net ea.com blizzard.com battle.net accuweather.com weather.com nasa.gov harvard.edu mit.edu stanford.edu
    berkeley.edu cmu.edu ox.ac.uk cam.ac.uk coursera.org edx.org udemy.com khanacademy.org arxiv.org nature.com
    sciencedirect.com springer.com acm.org ieee.org researchgate.net academia.edu doi.org jstor.org
    semanticscholar.org psu.edu gravatar.com hotjar.com newrelic.com segment.com mixpanel.com optimizely.com sentry.io
    datadoghq.com taboola.com outbrain.com criteo.com adnxs.com scorecardresearch.com quantserve.com addthis.com
    sharethis.com jsdelivr.net unpkg.com bootstrapcdn.com fontawesome.com typography.com gnupg.org openpgp.org
    keybase.io letsencrypt.org eff.org creativecommons.org change.org battleye.com isc.org man7.org die.net osdev.org
    tldp.org freedesktop.org gnome.org kde.org x.org spacex.com tesla.com bmw.com toyota.com ford.com fedex.com
    ups.com dhl.com usps.com royalmail.com coinbase.com binance.com kraken.com blockchain.com blockchain.info
    etherscan.io bitcoin.org ethereum.org monero.org getmonero.org z.cash electrum.org metamask.io
  `,
}

export const DEVELOPER_SITES: DomainList = {
  list: 'developer-site',
  reason: 'site of a software project or a service for developers',
  strength: 'unless-defanged',
  domains: `
    shields.io badgen.net badge.fury.io versionbadg.es nodei.co npm-stat.com npmcharts.com npm.im npmx.dev
    npmtrends.com david-dm.org coveralls.io codecov.io codeclimate.com codacy.com snyk.io libraries.io tidelift.com
    opencollective.com bundlephobia.com packagephobia.com jsr.io esm.sh skypack.dev cdnjs.com jsfiddle.net codepen.io
    codesandbox.io stackblitz.com jsbin.com repl.it gitter.im spectrum.chat appveyor.com semaphoreci.com buildkite.com
    drone.io codeship.com browserstack.com saucelabs.com lambdatest.com greenkeeper.io renovatebot.com dependabot.com
    securityscorecards.dev scorecard.dev bestpractices.dev coreinfrastructure.org openssf.org slsa.dev sigstore.dev
    spdx.org spdx.dev choosealicense.com opensource.org contributor-covenant.org keepachangelog.com semver.org
    conventionalcommits.org editorconfig.org prettier.io eslint.org standardjs.com babeljs.io webpack.js.org js.org
    rollupjs.org vitejs.dev vite.dev vitest.dev jestjs.io mochajs.org chaijs.com expressjs.com nestjs.com nextjs.org
    nuxt.com svelte.dev emberjs.com tailwindcss.com sass-lang.com lesscss.org lodash.com momentjs.com d3js.org
    threejs.org socket.io graphql.org swagger.io openapis.org postman.com getpostman.com insomnia.rest grpc.io
    protobuf.dev thrift.apache.org supabase.com supabase.io supabase.co firebase.google.com planetscale.com neon.tech
    prisma.io hasura.io biomejs.dev oxc.rs esbuild.github.io bun.sh pnpm.io nx.dev turbo.build lerna.js.org volta.sh
    nodesource.com nvm.sh brew.sh chocolatey.org scoop.sh winget.run snapcraft.io flathub.org f-droid.org
    cocoapods.org packagist.org getcomposer.org laravel.com symfony.com djangoproject.com flask.palletsprojects.com
    fastapi.tiangolo.com pallets.com palletsprojects.com jupyter.org anaconda.com conda.io numpy.org scipy.org
    pandas.pydata.org pytorch.org tensorflow.org huggingface.co kaggle.com openai.com anthropic.com rubyonrails.org
    elixir-lang.org erlang.org hex.pm haskell.org scala-lang.org kotlinlang.org clojure.org julialang.org ocaml.org
    ziglang.org nim-lang.org dlang.org cmake.org llvm.org gcc.gnu.org boost.org qt.io gtk.org sdl.com libsdl.org
    ffmpeg.org imagemagick.org curl.se curl.haxx.se git-scm.com mercurial-scm.org subversion.apache.org
    gerritcodereview.com phabricator.com redmine.org prometheus.io grafana.com opentelemetry.io jaegertracing.io
    fluentd.org istio.io envoyproxy.io linkerd.io etcd.io consul.io vaultproject.io packer.io vagrantup.com
    virtualbox.org qemu.org libvirt.org proxmox.com regex101.com regexr.com caniuse.com css-tricks.com
    smashingmagazine.com developer.mozilla.org mdn.io devdocs.io tldrlegal.com producthunt.com discourse.org
    disqus.com gitbook.com gitbook.io docusaurus.io mkdocs.org sphinx-doc.org
  `,
}

export const STANDARDS_BODIES: DomainList = {
  list: 'standards-body',
  reason: 'site of a standards or registry body, or an XML namespace',
  strength: 'always',
  domains: `
    w3.org ietf.org rfc-editor.org iana.org icann.org iso.org ecma-international.org oasis-open.org openxmlformats.org
    unicode.org whatwg.org schema.org purl.org xmlsoap.org json-schema.org ogp.me omg.org opengis.net itu.int etsi.org
    3gpp.org bluetooth.com usb.org uefi.org pcisig.com trustedcomputinggroup.org owasp.org openapis.org ripe.net
    arin.net apnic.net lacnic.net afrinic.net internic.net verisign.com nic.ru docbook.org dublincore.org xmlns.com
    relaxng.org
  `,
}

export const CERTIFICATE_AUTHORITIES: DomainList = {
  list: 'certificate-authority',
  reason: 'service of a certificate authority',
  strength: 'unless-defanged',
  domains: `
    digicert.com sectigo.com comodo.com comodoca.com usertrust.com globalsign.com globalsign.net entrust.net
    entrust.com thawte.com geotrust.com rapidssl.com symcb.com symcd.com symauth.com verisign.net lencr.org
    identrust.com ssl.com starfieldtech.com certum.pl wosign.com startssl.com trustwave.net amazontrust.com pki.goog
    quovadisglobal.com swisssign.net buypass.no certigna.fr tuntrust.tn trust-provider.com ocsp.apple.com
    crl.microsoft.com
  `,
}

/** Where anybody can put content: the service is harmless, a page, a file or an account on it may not be. */
export const SHARED_CONTENT: DomainList = {
  list: 'shared-service',
  reason: 'service that hosts content of its users; the service itself is harmless',
  strength: 'unless-defanged',
  shared: true,
  domains: `
    github.com githubusercontent.com githubassets.com =github.io gist.github.com gitlab.com =gitlab.io bitbucket.org
    sourceforge.net sf.net codeberg.org gitee.com codeplex.com launchpad.net dev.azure.com pastebin.com paste.ee
    hastebin.com ghostbin.com ghostbin.co rentry.co rentry.org justpaste.it controlc.com dpaste.com dpaste.org
    pastebin.pl paste.org paste.debian.net privatebin.net 0bin.net pastie.org codepad.org ideone.com textbin.net
    telegra.ph t.me telegram.me telegram.org =telegram.dog drive.google.com docs.google.com sites.google.com
    storage.googleapis.com firebasestorage.googleapis.com script.google.com play.google.com forms.gle
    photos.app.goo.gl dropbox.com dropboxusercontent.com =box.com app.box.com onedrive.live.com 1drv.ms 1drv.com
    sharepoint.com wetransfer.com we.tl mediafire.com mega.nz mega.io mega.co.nz sendspace.com zippyshare.com
    anonfiles.com bayfiles.com gofile.io file.io filemail.com transfer.sh transferxl.com ufile.io temp.sh oshi.at
    4shared.com rapidgator.net uploaded.net depositfiles.com filedropper.com pcloud.com pcloud.link opendrive.com
    yadi.sk disk.yandex.ru disk.yandex.com cloud.mail.ru koofr.net put.io catbox.moe pixeldrain.com krakenfiles.com
    workupload.com top4top.io top4top.net discord.com discordapp.com discord.gg discordapp.net cdn.discordapp.com
    media.discordapp.net slack-files.com facebook.com fb.com fbcdn.net fb.me messenger.com instagram.com
    cdninstagram.com whatsapp.com whatsapp.net wa.me twitter.com x.com t.co twimg.com linkedin.com licdn.com lnkd.in
    youtube.com youtu.be ytimg.com reddit.com redd.it redditmedia.com pinterest.com tumblr.com flickr.com tiktok.com
    snapchat.com vk.com vk.me userapi.com ok.ru weibo.com livejournal.com =wordpress.com =blogspot.com =blogger.com
    =livejournal.com =tistory.com =over-blog.com =weebly.com imgur.com postimg.cc ibb.co imageshack.com
    photobucket.com giphy.com mastodon.social threads.net quora.com steamcommunity.com scribd.com slideshare.net
    issuu.com evernote.com notion.site canva.com trello.com typeform.com surveymonkey.com jotform.com linktr.ee
    patreon.com ko-fi.com gumroad.com =amazonaws.com =cloudfront.net =azurewebsites.net =azureedge.net =cloudapp.net
    =windows.net =herokuapp.com =appspot.com =web.app =firebaseapp.com =firebaseio.com =netlify.app =netlify.com
    =vercel.app =vercel.com =pages.dev =workers.dev =r2.dev =glitch.me =repl.co =replit.com =ngrok.io =ngrok.com
    =ngrok.app =ngrok-free.app =trycloudflare.com =onrender.com =fly.dev =render.com =surge.sh =000webhostapp.com
    =duckdns.org =no-ip.com =no-ip.org =ddns.net =dyndns.org =afraid.org =hopto.org =zapto.org =sytes.net
    =servehttp.com =myftp.org =akamaihd.net =akamaized.net =edgekey.net =edgesuite.net =akamaiedge.net =fastly.net
    =b-cdn.net =cdn77.org =stackpathdns.com =blob.core.windows.net =cloudflare-ipfs.com =ipfs.io =linodeobjects.com
    =digitaloceanspaces.com =backblazeb2.com =wasabisys.com =myqcloud.com =aliyuncs.com cdnjs.cloudflare.com
  `,
}

export const URL_SHORTENERS: DomainList = {
  list: 'url-shortener',
  reason: 'URL shortener; the service itself is harmless',
  strength: 'unless-defanged',
  shared: true,
  domains: `
    bit.ly bitly.com tinyurl.com goo.gl ow.ly is.gd v.gd cutt.ly rebrand.ly shorturl.at t.ly rb.gy tiny.cc bl.ink
    buff.ly adf.ly shorte.st s.id clck.ru vk.cc u.to lnk.to soo.gd qrco.de short.io tinyurl.is urlz.fr
  `,
}

export const MAIL_PROVIDERS: DomainList = {
  list: 'mail-provider',
  reason: 'mail service; the account, not the service, is of interest',
  strength: 'unless-defanged',
  domains: `
    =gmail.com =googlemail.com =outlook.com =hotmail.com =live.com =msn.com =yahoo.com =ymail.com =rocketmail.com
    =aol.com =icloud.com =me.com =mac.com protonmail.com protonmail.ch proton.me pm.me tutanota.com tutanota.de
    tuta.io tuta.com tutamail.com =mail.com =email.com gmx.com gmx.de gmx.net web.de t-online.de freenet.de posteo.de
    mailbox.org zoho.com zohomail.com fastmail.com fastmail.fm hushmail.com =yandex.ru =yandex.com =mail.ru =bk.ru
    =inbox.ru =list.ru rambler.ru =ukr.net =i.ua =qq.com foxmail.com =163.com =126.com =yeah.net =sina.com =sina.cn
    =sohu.com =aliyun.com =naver.com =hanmail.net =daum.net nate.com libero.it virgilio.it tiscali.it =orange.fr
    wanadoo.fr =free.fr laposte.net sfr.fr =comcast.net =verizon.net sbcglobal.net bellsouth.net cox.net charter.net
    =btinternet.com sky.com ntlworld.com bigpond.com rediffmail.com seznam.cz wp.pl o2.pl onet.pl interia.pl cock.li
    airmail.cc dnmx.org onionmail.org mailfence.com ctemplar.com disroot.org riseup.net guerrillamail.com
    mailinator.com 10minutemail.com yopmail.com temp-mail.org firemail.cc keemail.me india.com asia.com usa.com
    consultant.com engineer.com
  `,
}

/** Interfaces of services that malware talks to: harmless in general text, a real indicator among indicators. */
export const ABUSED_INTERFACES: DomainList = {
  list: 'abused-service',
  reason: 'interface of a public service, of interest only where a report lists it',
  strength: 'unless-evidence',
  shared: true,
  domains: `
    api.telegram.org api.dropboxapi.com content.dropboxapi.com graph.microsoft.com graph.facebook.com api.github.com
    api.onedrive.com smtp.gmail.com smtp.mail.yahoo.com smtp-mail.outlook.com smtp.office365.com smtp.live.com
    imap.gmail.com imap-mail.outlook.com smtp.yandex.ru smtp.yandex.com smtp.mail.ru smtp.zoho.com api.imgur.com
    api.slack.com hooks.slack.com api.twitter.com api.pcloud.com api.box.com www.googleapis.com oauth2.googleapis.com
    checkip.amazonaws.com checkip.dyndns.org api.ipify.org ipify.org ipinfo.io icanhazip.com ifconfig.me ifconfig.co
    ip-api.com ipecho.net myexternalip.com wtfismyip.com whatismyip.com whatismyipaddress.com ident.me api.ip.sb
    ipapi.co freegeoip.net geoip.io iplogger.org iplogger.com ip.me api.myip.com myip.opendns.com ip.42.pl
    curlmyip.com pool.ntp.org time.windows.com time.nist.gov time.google.com time.apple.com webhook.site
    requestbin.com pipedream.net interact.sh oast.fun oast.me oast.live oast.pro burpcollaborator.net dnslog.cn
    ceye.io
  `,
}

export const EXAMPLE_DOMAINS: DomainList = {
  list: 'example-domain',
  reason: 'name reserved for examples (RFC 2606)',
  strength: 'always',
  domains: 'example.com example.org example.net example.edu',
}

export const PLACEHOLDER_DOMAINS: DomainList = {
  list: 'example-domain',
  reason: 'name that documentation uses as an example',
  strength: 'unless-defanged',
  domains: `
    contoso.com fabrikam.com northwindtraders.com adventure-works.com tailspintoys.com wingtiptoys.com example.co.uk
    example.de yourdomain.com yourdomain.org yourcompany.com your-domain.com mydomain.com mycompany.com mysite.com
    mywebsite.com somedomain.com domain.com domain.name website.com site.com foo.com bar.com foobar.com
    foo.bar test.com test.org acme.com acme.org company.com somewhere.com myserver.com hostname.com targetdomain.com
    victim.com attacker.com server.com url.com
  `,
}
