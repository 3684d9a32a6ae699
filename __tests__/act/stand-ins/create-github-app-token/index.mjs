import assert from 'node:assert'
import { appendFileSync } from 'node:fs'

const { APP_TOKEN: token, GITHUB_OUTPUT: output } = process.env
const given = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('INPUT_')))

assert.deepEqual(given, {
  'INPUT_CLIENT-ID': 'Iv23emulated',
  'INPUT_PRIVATE-KEY': 'made-up private key',
  'INPUT_PERMISSION-SECRETS': 'write',
  // Not an input of the real action, which reads every permission from such a variable.
  'INPUT_PERMISSION-ACTIONS-VARIABLES': 'write'
})
console.log(`::add-mask::${token}`)
appendFileSync(String(output), `token=${token}\n`)
