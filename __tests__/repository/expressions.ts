import { data, Evaluator, Lexer, Parser } from '@actions/expressions'

/** What expressions see: `vars`, `secrets`, `steps` … */
export type Contexts = Readonly<Record<string, unknown>>

const NAMES = [
  'github',
  'env',
  'vars',
  'secrets',
  'matrix',
  'strategy',
  'steps',
  'inputs',
  'needs',
  'runner',
  'job'
]

/** Returns the text with each `${{ … }}` in it replaced, by GitHub's own evaluator. */
export function interpolate(text: string, contexts: Contexts): string {
  return text.replace(/\$\{\{(.*?)\}\}/gs, (_, expression: string) =>
    evaluate(expression, contexts, 'success')
  )
}

/** Whether a step or job with this `if` runs, after what happened before it. */
export function holds(condition: unknown, contexts: Contexts, soFar: 'success' | 'failure'): boolean {
  const text = String(condition ?? 'success()').replace(/^\s*\$\{\{(.*)\}\}\s*$/s, '$1')
  const asks = /\b(success|failure|always|cancelled)\s*\(/.test(text)
  const value = evaluate(asks ? text : `success() && (${text})`, contexts, soFar)
  return !['', 'false', '0'].includes(value)
}

function evaluate(expression: string, contexts: Contexts, soFar: 'success' | 'failure'): string {
  const functions = {
    success: soFar === 'success',
    failure: soFar === 'failure',
    always: true,
    cancelled: false
  }
  const known = Object.entries(functions).map(([name, value]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value)
  }))
  const parser = new Parser(new Lexer(expression).lex().tokens, NAMES, known)
  const all = Object.fromEntries(NAMES.map(name => [name, contexts[name] ?? {}]))
  const dictionary = JSON.parse(JSON.stringify(all), data.reviver) as data.Dictionary
  return new Evaluator(parser.parse(), dictionary, new Map(known.map(one => [one.name, one])))
    .evaluate()
    .coerceString()
}
