import { readings, skeleton } from './decoded.ts'

/** Instructions to language models, as they are planted in texts. Written for `skeleton`: small Latin letters, single spaces. */
const patterns: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override|bypass|do not follow|stop following)\b.{0,30}\b(?:previous|prior|above|earlier|preceding|all|any|your|the|my|system|these|those)\b.{0,20}\b(?:instructions?|prompts?|rules|directives?|guidelines|messages?|guardrails|constraints|programming|training)\b/,
  /\b(?:forget|ignore|disregard) (?:everything|anything|all)\b.{0,20}\b(?:above|before|previously|you|said|told|so far)\b/,
  /\byou are now (?:an?|the|in|free|no longer|acting)\b|\byou are (?:chatgpt|claude|gemini|gpt|an? (?:helpful |large )?(?:ai|assistant|language model))\b/,
  /\b(?:from now on|henceforth),? you (?:are|will|must|should)\b/,
  /\b(?:act|behave|respond|roleplay|role-play) as (?:if you|though you|an? (?:ai|assistant|unrestricted|different|language model)|dan\b|system\b)/,
  /\b(?:reveal|print|repeat|show|output|leak|expose|tell me|send)\b.{0,20}\b(?:your|the) (?:system |initial |hidden |secret |original )*(?:prompt|instructions)\b/,
  /\b(?:new|updated|revised|real|actual|important) (?:system )?(?:instructions?|directives?|prompt) ?(?:for (?:the )?(?:ai|assistant|model|agent|llm)|:)/,
  /\b(?:instructions?|note|message|attention|hint) (?:to|for) (?:the |all |any )?(?:ai|a\.i\.|llms?|assistants?|language models?|models?|agents?|chatbots?|bots?)\b/,
  /(?:^|[\n.!?"'] ?)(?:dear |hey |hello )?(?:ai|assistant|llm|chatgpt|claude|gemini|copilot|ai (?:model|agent|assistant))[,:] ?(?:please |you |do |now |ignore|call|send|add|include|write|reply|answer|approve)/,
  /<\|(?:im_start|im_end|system|endoftext|start_header_id|end_header_id|eot_id|assistant|user)\|?>|<(?:im_start|im_end)>|\[\/?inst\]|<<\/?sys>>|<\/?(?:system|instructions?|assistant|tool_call|function_calls?|antml:)\b/,
  /(?:^|\n|# ?)(?:#{1,6} ?)?(?:system|assistant|developer) ?(?:prompt|message|override)? ?:/,
  /\b(?:do not|don't|never) (?:tell|inform|mention (?:this|it) to|alert|notify|warn|show (?:this|it) to) the (?:user|human|operator|analyst|reviewer)/,
  /\b(?:without|don't|do not) (?:asking|ask|wait(?:ing)?) for (?:the )?(?:user'?s?|human|approval|confirmation|permission)\b/,
  /\b(?:call|invoke|trigger) (?:the |your )(?:[a-z_]+ )?(?:tool|plugin)\b|\b(?:call|invoke|use|execute|run|trigger) (?:the |your |a )?(?:fetch_url|write_brief|write_rule|write_indicator|update_blocklist|publish_event|propose_relationship|search_intelligence|read_document|list_evidence)\b/,
  /\b(?:developer|debug|god|dan|jailbreak|unrestricted) mode\b.{0,20}\b(?:enabled|on|activated|now)\b|\bjailbr(?:eak|oken) (?:the |this |your )?(?:ai|model|assistant)\b/,
  /\bas an? (?:ai|large)(?: language)? (?:model|assistant)\b/,
  /\b(?:append|include|embed|insert|add|put|encode)\b.{0,40}\b(?:conversation|context|chat history|system prompt|api keys?|secrets?|credentials)\b.{0,40}\b(?:url|link|image|query|parameter|markdown)\b/,
  /\b(?:your (?:true|real|new|only) (?:task|goal|objective|purpose|instructions?)|your (?:task|objective|goal) (?:is|has changed))\b/,
  /\b(?:respond|reply|answer) (?:only )?with (?:the (?:word|text|following)|exactly|only)\b/,
]

/**
 * The words of a text that are instructions to a language model, or null. Also read: what percent-encoding, entities,
 * base64 (of 24 characters or more) and look-alike letters hide, and letters set apart ("i g n o r e").
 */
export function findInjection(text: string): string | null {
  for (const reading of readings(text)) {
    for (const each of [reading, tagText(reading), base64Text(reading)]) {
      if (each === '') continue
      const plain = skeleton(each)
      for (const form of new Set([plain, joinLetters(plain)])) {
        for (const pattern of patterns) {
          const match = pattern.exec(form)
          if (match !== null) return match[0].trim().slice(0, 200)
        }
      }
    }
  }
  return null
}

/** What is written in tag characters (U+E0020 to U+E007E), which nobody sees. */
function tagText(text: string): string {
  if (!/[\u{e0020}-\u{e007e}]/u.test(text)) return ''
  return [...text]
    .map((letter) => {
      const code = letter.codePointAt(0)! - 0xe0000
      return code >= 0x20 && code <= 0x7e ? String.fromCharCode(code) : ''
    })
    .join('')
}

function base64Text(text: string): string {
  const parts: string[] = []
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{24,}/g)) {
    const decoded = Buffer.from(run, 'base64').toString('latin1')
    if (/^[\t\n\r -~]+$/.test(decoded.slice(0, -2))) parts.push(decoded)
  }
  return parts.join('\n')
}

/** "i g n o r e" and "i.g.n.o.r.e" as "ignore"; a wider gap stays one between words. */
function joinLetters(text: string): string {
  return text.replace(/\b[a-z](?:[ ._*-][a-z]\b){3,}/g, (run) => run.replace(/[ ._*-]/g, ''))
}
