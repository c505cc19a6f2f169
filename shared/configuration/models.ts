import * as v from 'valibot'
import { ModelNameText } from '../domain/models/aliases.ts'
import { PriceList } from '../domain/models/price.ts'
import { isSecret, split, url } from './values.ts'

const models = v.pipe(v.string(), split, v.array(ModelNameText), v.minLength(1), v.maxLength(5))
const key = v.optional(v.string())
const order = 'in the order in which they are asked, e.g. gemini:gemini-2.5-flash,local:rules-1.'
const standard = 'Without it rules of ours on one machine, models of Vertex AI on Google Cloud'

/** Settings of the models that agents ask, and of those who provide them. */
export const modelSettings = {
  MODEL_FAST: v.pipe(
    v.optional(models),
    v.description(`Comma-separated models for quick and simple work, ${order} ${standard}`),
  ),
  MODEL_STANDARD: v.pipe(v.optional(models), v.description(`The same for ordinary work. ${standard}`)),
  MODEL_HEAVY: v.pipe(v.optional(models), v.description(`The same for the hardest work. ${standard}`)),
  MODEL_PRICES: v.pipe(
    v.optional(v.pipe(v.string(), v.parseJson(), PriceList)),
    v.description(
      'Prices as JSON, for models whose price this version does not know: without one a model is not asked. ' +
        'By model a list of {"from": "2026-01-01", "inputMicrodollarsPerMillion": 300000, ' +
        '"cachedInputMicrodollarsPerMillion": 30000, "outputMicrodollarsPerMillion": 2500000}',
    ),
  ),
  VERTEX_LOCATION: v.pipe(
    v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9-]{2,40}$/, 'must be a region, or global'))),
    v.description('Region of the models of Vertex AI, or global; without it GOOGLE_CLOUD_LOCATION'),
  ),
  CLAUDE_LOCATION: v.pipe(
    v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9-]{2,40}$/, 'must be a region, or global'))),
    v.description('Region of Claude on Vertex AI, which fewer regions have; without it VERTEX_LOCATION'),
  ),
  OPENAI_BASE_URL: v.pipe(
    v.optional(url, 'https://api.openai.com/v1'),
    v.description('OpenAI, or what speaks its chat completions: up to /chat/completions'),
  ),
  OPENAI_API_KEY: v.pipe(key, isSecret(), v.description('Key of OpenAI; without it openai:… is not asked')),
  PERPLEXITY_BASE_URL: v.pipe(v.optional(url, 'https://api.perplexity.ai'), v.description('Perplexity')),
  PERPLEXITY_API_KEY: v.pipe(key, isSecret(), v.description('Key of Perplexity; without it perplexity:… is not asked')),
  OLLAMA_BASE_URL: v.pipe(
    v.optional(url),
    v.description('Ollama, e.g. http://127.0.0.1:11434/v1; without it ollama:… is not asked'),
  ),
  OLLAMA_MODELS: v.pipe(
    v.optional(v.pipe(v.string(), split), ''),
    v.description('Comma-separated models of Ollama that may be asked, and cost nothing a call, e.g. llama3.1:8b'),
  ),
}
