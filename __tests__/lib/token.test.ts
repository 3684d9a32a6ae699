import { expect, test } from '@jest/globals'
import { isToken } from '../../src/lib/token.js'

test.each([
  ['16 characters', 'x'.repeat(16), true],
  ['15 characters', 'x'.repeat(15), false],
  ['32 KiB', 'x'.repeat(32 * 1024), true],
  ['32 KiB and one character', 'x'.repeat(32 * 1024 + 1), false],
  ['every visible ASCII character', '!"#$%&\'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~', true],
  ['a space', 'sixteen chars or more', false],
  ['a line break at the end', `${'x'.repeat(16)}\n`, false],
  ['a null character', `${'x'.repeat(16)}\0`, false],
  ['the character 127', `${'x'.repeat(16)}\u007f`, false],
  ['a letter beyond ASCII', `${'x'.repeat(16)}é`, false],
  ['nothing', '', false]
])('isToken: %s', (_, text, expected) => expect(isToken(text)).toBe(expected))
