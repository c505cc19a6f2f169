/**
 * What a bare, undefanged `word.suffix` is worth by its last label. Own compilation.
 *
 * A suffix in `DISTINCT_SUFFIXES` hardly ever ends a file name, an identifier or a sentence, so that a name under it is
 * taken as a domain as it stands. Every other public suffix needs evidence (defanging, a URL, a list of network
 * indicators, …); `FILE_SUFFIXES` says which of them are file extensions, for the reason that is given.
 */

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(/\s+/).filter((word) => word !== ''))
}

export const DISTINCT_SUFFIXES = words(`
  com net org info biz edu gov mil int mobi tel asia coop aero jobs
  ac ae af ag ai al ao ar au aw ax az ba bb bd bf bg bh bi bj bm bn bo br bs bt bw bz ca cc cd cf cg ch ci ck cl cm
  cn co cr cu cv cw cx cy cz de dj dk dm dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg gh gi gm gn gp gq gr
  gs gt gu gw gy hk hn hr ht hu ie il im io iq ir je jm jo jp ke kg kh ki km kn kp kr kw ky kz lb li lk lr ls lt lu lv
  ly ma mc mg mh ml mn mp mq mr mu mv mw mx mz na nc ne nf ng ni nl np nr nu nz om pa pe pf pg ph pk pn pr pt pw qa ro ru
  rw sa sb sc sd se sg si sk sl sn sr ss sv sx sy sz tc td tf tg th tj tk tl tm tn tr tt tv tw tz ua ug uk uy uz va vc ve vg
  vi vn vu wf ws ye yt za zm zw su
  xyz online site club icu shop buzz cyou sbs monster fun vip wang gdn top casa cfd onl uno nyc tokyo london berlin
  paris moscow bond quest webcam accountant cricket lol porn xxx poker casino kim pics pw hair makeup autos yachts
  boats ninja llc ltd gmbh tattoo guru rocks ooo moe fyi wtf rip rehab beer pizza koln ruhr swiss wales scot bzh
  technology photography academy institute foundation ventures holdings finance
`)

/** Suffixes that are file extensions at least as often as parts of a domain. */
export const FILE_SUFFIXES = words(`
  sh py md zip rs pl pm ps app mov so cab java docs inc pub la mk mm mo am cat map properties data link prof st
  bin dat doc inf ini target services lnk reg tar gz rar 7z iso img dmg pkg deb rpm apk ipa jar war class dll exe sys ocx
`)

/** Program files of DOS and Windows that end in `.com`. */
export const COM_PROGRAMS = words(`
  command.com format.com more.com mode.com tree.com chcp.com diskcomp.com diskcopy.com edit.com graftabl.com
  kb16.com loadfix.com win.com ntdetect.com keyb.com debug.com sys.com doskey.com fdisk.com
`)

/** Names of technologies and programs that are spelled like domains; where one is a site too, it is a harmless one. */
export const PRODUCT_NAMES = words(`
  asp.net vb.net ado.net paint.net ml.net f.net c.net system.net microsoft.net socket.io draw.io booking.com
  node.io pusher.com deno.land crates.io docs.rs lib.rs actix.rs tokio.rs web.py bottle.py main.rs lib.rs mod.rs
  build.rs setup.py main.py init.py manage.py conftest.py readme.md changelog.md license.md contributing.md
  configure.ac makefile.am makefile.in config.in install.sh run.sh build.sh start.sh stop.sh main.cc main.pl
  index.md summary.md skill.md claude.md agents.md
`)

/** First labels that only identifiers of source code and packages have, however many labels follow. */
export const PACKAGE_LABELS = words(`
  java javax jdk kotlin scala system microsoft window document console process module exports self this super androidx
  dalvik sun std torch math json req res ctx request response evt opts args params props elem obj util utils
`)

/** First labels of identifiers in source code: with one label behind them they name a member, not a host. */
export const IDENTIFIER_LABELS = words(`
  com org net io dev edu gov android java javax jdk sun kotlin scala system microsoft windows unix script js vbs html doc
  self this that super os sys std string str math json console window document process module exports require
  request response req res ctx context config cfg options opts params args event evt obj object item node elem element
  list array map set dict user data row col field value val key index idx model view controller app application client
  server session state props path file dir re np pd plt tf torch logger log env stack rect style css margin top node
  parent child root body head header footer page form input output result err error msg message
`)

/** Labels that mark the name of a detection by an anti-virus product wherever they stand. */
export const DETECTION_LABELS = words(`
  win32 win64 win16 w32 w64 w97m msil androidos symbos osx heur trojan-downloader trojan-dropper trojan-spy
  trojan-ransom trojan-banker not-a-virus gen generickd generickdz agentb rootkit hacktool riskware
  trojan backdoor worm exploit packed malware-gen
`)

/** Words that can stand before a spelled-out `dot com` without naming a host. */
export const PROSE_WORDS = words(`
  a an and are as at be been but by can did do early each every few first for from had has have he her his how i if in
  into is it its last late like many more most much my new no not of off old on one only or other our out over own per
  she since so some such than that the their them then there these they this those through to two under until up us use
  used very via was we were what when where which while who why will with would you your polka big each final single
  another same red green blue black white small tiny
`)
