import { describe, expect, test } from 'vitest'
import { hasBannedWord, toBrandRules } from './brand.ts'

const none = {
  bannedWords: [],
  requiredPhrases: [],
  approvedPhrases: [],
  tone: { exclamationMarks: false, capitals: false, maximumSentenceWords: null },
  wordForWord: ['superlatives', 'guarantees', 'comparisons'],
}

describe('brand rules from settings', () => {
  test('are the strictest wording and no words where nothing is set', () => expect(toBrandRules({})).toEqual(none))

  test('are read by their names', () => {
    const rules = toBrandRules({
      brand_banned_words: ['cheap', ' so called '],
      brand_required_phrases: ['No product stops every attack.'],
      brand_approved_phrases: ['Call us.'],
      brand_exclamation_marks: true,
      brand_capitals: true,
      brand_maximum_sentence_words: 25,
      brand_word_for_word: ['guarantees'],
      allowed_link_hosts: ['www.example.org'],
    })
    expect(rules).toEqual({
      bannedWords: ['cheap', 'so called'],
      requiredPhrases: ['No product stops every attack.'],
      approvedPhrases: ['Call us.'],
      tone: { exclamationMarks: true, capitals: true, maximumSentenceWords: 25 },
      wordForWord: ['guarantees'],
    })
  })

  test('fall back one by one where a setting has another form, and never to less', () => {
    const rules = toBrandRules({
      brand_banned_words: 'cheap, free\nso called',
      brand_required_phrases: 7,
      brand_exclamation_marks: 'yes',
      brand_capitals: 1,
      brand_maximum_sentence_words: -3,
      brand_word_for_word: ['superlatives', 'lies'],
    })
    expect(rules).toEqual({ ...none, bannedWords: ['cheap', 'free', 'so called'] })
  })

  test('ban a word in phrases that are approved or required too', () => {
    const settings = { brand_banned_words: ['cheap'], brand_approved_phrases: ['Cheap lists.', 'Call us.'] }
    expect(toBrandRules({ ...settings, brand_required_phrases: ['We are CHEAP.'] })).toMatchObject({
      approvedPhrases: ['Call us.'],
      requiredPhrases: [],
    })
  })
})

test('a banned word is found whatever its case and marks, and not inside another', () => {
  expect(hasBannedWord('“CHEAP” lists', ['cheap'])).toBe(true)
  expect(hasBannedWord('cheaper lists', ['cheap'])).toBe(false)
})
