/** Names are kept as one comma-separated text a list, because that is how they are read and checked. */
const list = (names: string): ReadonlySet<string> => new Set(names.split(', ').map((name) => name.trim()))

/**
 * Names of groups and software that are also everyday words, people, places or units of measure. They are believed
 * only when capitalised as a name and with a word of the field beside them ("the Silence group", "Chaos ransomware"),
 * or when the same text confirms the name elsewhere.
 */
export const CONTEXT_ACTORS = list(
  'Axiom, Cleaver, Mirage, GREF, NICKEL, Swallowtail, Snake, Krypton, STRONTIUM, Equation, Buckeye, RADIUM, Thrip, ' +
    'ZINC, ELECTRUM, IRIDIUM, BROMINE, Dragonfly, TAAL, Patchwork, MONSOON, Strider, Blackfly, Cicada, POTASSIUM, ' +
    'ELBRUS, Armageddon, ACTINIUM, RTM, BISMUTH, EUROPIUM, Phosphorus, Newscaster, Tick, HOLMIUM, Elfin, Leviathan, ' +
    'Gadolinium, Reaper, PLATINUM, MERCURY, Rancor, Inception, Silence, Machete, El Machete, Chimera, Rocke, Whitefly, ' +
    'Windshift, Bahamut, Confucius, BITTER, HEXANE, Lyceum, POLONIUM, CHROMIUM, CURIUM, Metador, Play, Akira, Mantis, ' +
    'AMERICIUM, SILICON, MANGANESE, BARIUM, ZIRCONIUM, RUBIDIUM, PLUTONIUM, YTTRIUM, GALLIUM, COPERNICIUM, TANTALUM, ' +
    'Sidewinder, Rattlesnake, Springtail, Windigo, FIREANT, Cloud Atlas, Sea Turtle, Elephant Beetle, Chafer, ' +
    'WebMasters, PinkPanther, Black Vine, Deputy Dog, Group5, Group 72, Group 74, Group 88, Group123, ControlX, ' +
    'Spring Dragon, Shell Crew, ProjectM, IRN2, Desert Falcon, Beijing Group, Comment Group, CVNX, Camouflage Tempest, ' +
    'Iron Tiger, Cosmic Wolf, Silent Librarian, Guardians of Peace, Red Apollo, Tortoise Shell, Big Bang APT, HIVE0154',
)

export const CONTEXT_SOFTWARE = list(
  'RTM, Tor, Epic, Skeleton Key, BISCUIT, Snake, PHOTO, CALENDAR, BACKSPACE, SPACESHIP, SHIPSHAPE, ' +
    'FLASHFLOOD, Wiper, LOWBALL, BUBBLEWRAP, ELMER, httpclient, VIPER, CallMe, Elise, Emissary, S-Type, ' +
    'Mis-Type, ZLib, Rover, Lurid, Breut, Darkmoon, TVT, Kaba, CHOPSTICK, Crimson, Flame, Flamer, ' +
    'Scorpion, HAYMAKER, Matryoshka, Gazer, DRIFTWOOD, Reaver, Responder, meek, Orz, Aurora, Naid, ' +
    'Chaos, Empire, VERMIN, Mosquito, Proton, Dok, Carbon, Octopus, Cannon, Denis, Ruler, Machete, Maze, ' +
    'Pony, Ramsay, Avenger, Spark, Trinity, Anchor, Lucifer, Crutch, SUNSPOT, Raindrop, Explosive, ' +
    'Kessel, Cuba, BoomBox, Peppy, Kevin, James, Milan, Shark, Mori, Meteor, Donut, Mythic, Pandora, ' +
    'Soldier, Ferocious, LookBack, Prestige, Royal, Mafalda, Disco, Samurai, Ninja, Pacu, Spica, Play, ' +
    'Apostle, Solar, Mango, Havoc, MEDUSA, REPTILE, Embargo, Agenda, Covenant, Nebulae, Lizar, GRIFFON, ' +
    'Net Crawler, NetC, ABK, BBK, MCMD, Sys10, H1N1, Out1, FRP, SKID, yty, UPPERCUT, PLEAD, Hildegard, ' +
    'PITSTOP, BUSHWALK, ZIPLINE, PACEMAKER, DUSTPAN, DEADEYE, CANOPY, ANDROMEDA, BOOKWORM, ' +
    'Cherry Picker, Rising Sun, WinMM, NETUI, Token Control, Power Loader, Imminent Monitor, Get2, ' +
    'TURNEDUP, Calisto, Trojan Manuscript, Akira, Astaroth, RIPTIDE, Helminth, BADNEWS, TEARDROP, ' +
    'GoldenEye, NightClub, Line Runner, Line Dancer, Waterbear, Team9, FunnyDream, PowerLess, ' +
    'Small Sieve, LV, HAPPYWORK, DOGCALL, UPSTYLE, SOUNDBITE, FLIPSIDE, SHOTPUT, ' +
    'COATHANGER, Quick Assist, Unknown Logger, DropBook, GreetCake, QueenOfClubs, JackOfHearts, ' +
    'AppleSeed, BackConfig, SideTwist, IceApple, JustForFun',
)

/** Names of several everyday words, believed when each word is capitalised. */
export const CAPITALISED_SOFTWARE = list(
  'Poison Ivy, Bad Rabbit, Olympic Destroyer, Gold Dragon, Brave Prince, Cyclops Blink, Green Lambert, Zeus Panda, ' +
    'Raspberry Robin, Linux Rabbit, Smoke Loader, Terra Loader, Hacking Team UEFI Rootkit, IPsec Helper, Revenge RAT, ' +
    'Windows Credential Editor, AuTo Stealer, Action RAT, Woody RAT, Ragnar Locker, Vasa Locker, Black Basta, Ave Maria',
)

/** Names that a text never means without more than a word of context; they are left to their `.exe` or other aliases. */
export const UNUSABLE_NAMES = list('Page, PS1, at, SKID, Wiper, LV, TVT, Big Bang APT')

/**
 * Command-line tools whose names are everyday or protocol words: believed as `name.exe`, as `name command`, or when
 * what follows is a switch or one of the tool's own subcommands.
 */
export const COMMAND_SOFTWARE: Readonly<Record<string, string>> = {
  Net: 'user users group groups localgroup view use share start stop time accounts session sessions config computer file',
  Reg: 'add query delete save copy export import load unload restore compare flags',
  Ping: '',
  Arp: '',
  route: 'print add delete change',
  cmd: '',
  at: '',
  ftp: '',
  Expand: '',
  'cipher.exe': '',
  attrib: '',
  Systeminfo: '*',
  Tasklist: '*',
}

/** Names that only their own spelling gives away: short, or a lower-case form that means something else. */
export const WRITTEN_NAMES = list(
  'RTM, WCE, KONNI, Clop, Zox, Doki, Conti, Ryuk, Regin, Duqu, Dacls, Tor, Epic, Orz, Naid, Pupy, Chaes, Denis, ' +
    'ANEL, SPLM, PSVC, AZZY, LV, CozyCar, Bazar, Sliver, PowerStallion, Sibot, Havij, Dridex, Hancitor, Attor, Cuba',
)

/** Where a name stands for a group and for software alike, which of the two a text means when nothing near it tells. */
export const SHARED_NAME_DEFAULT: Readonly<Record<string, 'actor' | 'software'>> = {
  ixeshe: 'software',
  sednit: 'actor',
  sofacy: 'actor',
  carbanak: 'software',
  anunak: 'software',
  whitebear: 'software',
  snake: 'software',
  cozybear: 'actor',
  cozyduke: 'software',
  pirpi: 'software',
  projectsauron: 'actor',
  rtm: 'software',
  strongpity: 'software',
  keyboy: 'software',
  machete: 'software',
  evilnum: 'actor',
  akira: 'software',
  play: 'software',
  applejeus: 'software',
}

/** Words that, beside a name, say that it names people. */
export const ACTOR_CONTEXT = list(
  'group, groups, gang, team, actor, actors, apt, apts, threat, adversary, adversaries, operators, operator, hackers, hacker, ' +
    'hacking, espionage, campaign, campaigns, cybercrime, cybercriminals, cybercriminal, affiliates, affiliate, attackers, attacker, ' +
    'intrusion, dubbed, tracked, aka, nation, sponsored, umbrella, syndicate, crew, activity, ransomware, cyberespionage, raas, attributed',
)

/** Words that, beside a name, say that it names software. */
export const SOFTWARE_CONTEXT = list(
  'malware, backdoor, backdoors, trojan, trojans, rat, rats, ransomware, loader, loaders, downloader, dropper, implant, implants, ' +
    'botnet, worm, stealer, infostealer, spyware, adware, payload, payloads, webshell, rootkit, bootkit, keylogger, shellcode, ' +
    'variant, variants, sample, samples, toolkit, framework, toolset, malicious, infection, infections, infected, encryptor, ' +
    'miner, cryptominer, banker, injector, launcher, exe, dll, beacon, c2, binary, hacktool, dubbed, tool',
)

/** Words that confirm one name in particular. */
export const OWN_CONTEXT: Readonly<Record<string, ReadonlySet<string>>> = {
  Tor: list(
    'network, browser, exit, node, nodes, onion, hidden, proxy, relay, relays, traffic, service, services, site, sites, client, circuit, over, via, through, anonymity, dark, darknet, payment, page, portal, leak, bundle, address, url, link, links, vpn, network, networks, negotiation, leaks',
  ),
  'Quick Assist': list('abuse, abused, microsoft, session, remote, vishing, tool, via'),
  Responder: list('tool, py, llmnr, inveigh, ntlm, poisoning, hashes'),
  Empire: list('powershell, agent, framework, post, stager, tool'),
  Ruler: list('tool, exchange, outlook, sensepost'),
  Donut: list('shellcode, loader, injector, tool, framework, generator'),
  Mythic: list('framework, agent, c2, tool'),
  FRP: list('proxy, tunnel, tool, fast, reverse'),
  meek: list('tor, plugin, domain, fronting, pluggable'),
  Covenant: list('framework, c2, grunt, tool'),
  Havoc: list('framework, c2, demon, tool'),
  Expand: list('tool'),
}

/** Words right beside a name that show that it means something else: "Royal Road", "Google Play", "Play Store". */
export const NOT_BESIDE: Readonly<Record<string, { before?: ReadonlySet<string>; after?: ReadonlySet<string> }>> = {
  Royal: { after: list('road, decree, family, navy, bank, mail, air, society, assent, highness, commission') },
  Play: { before: list('google'), after: list('store, services, protect, console, station, button, integrity') },
  Cuba: { before: list('in, from, of, to') },
  Akira: { before: list('by, mr, dr') },
  Empire: { before: list('the, roman, ottoman, british') },
  Octopus: { before: list('nomadic') },
  Conti: { before: list('mr, dr') },
  Chaos: { after: list('engineering, monkey, theory, computer') },
}

/**
 * Names in wide use that the catalogue's aliases leave out. Those in `context` are also names of other things and need
 * a word of the field beside them.
 */
export const FURTHER_NAMES: readonly { id: string; name: string; context: boolean }[] = [
  { id: 'G0032', name: 'Lazarus', context: true },
  { id: 'G0034', name: 'Sandworm', context: true },
  { id: 'G0044', name: 'Winnti', context: true },
  { id: 'G0047', name: 'Gamaredon', context: false },
  { id: 'G0050', name: 'Ocean Lotus', context: false },
  { id: 'G0067', name: 'Group 123', context: true },
  { id: 'G0096', name: 'Double Dragon', context: true },
  { id: 'S0534', name: 'BazarLoader', context: false },
  { id: 'S0534', name: 'BazarBackdoor', context: false },
  { id: 'S0611', name: 'Cl0p', context: false },
  { id: 'S0650', name: 'QuakBot', context: false },
]

/** Words that may stand between a name and the word of the field that confirms it: "the group known as Silence". */
export const NAMING_WORDS = list(
  'known, as, named, called, dubbed, tracked, aka, a, k, the, is, like, such, of, and, or, by, behind, including, also, ' +
    'being, its, s, new, notorious, infamous, using, via, with, to, an, cyber, banking, mobile, android, linux, windows, ' +
    'custom, advanced, persistent, state, sponsored, cybercriminal, remote, access, threat, malicious, open, source',
)
