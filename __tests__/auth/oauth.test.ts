import { describe, expect, test } from '@jest/globals'
import {
  basicAuthorization,
  bearerAuthorization,
  formBody,
  secretFormBody,
  secretJsonBody,
  spellingsOf
} from '../../src/auth/oauth.js'
import { Secret } from '../../src/lib/secret.js'
import { notAllowed } from '../support/input-errors.js'
import {
  MADE_UP_CXONE_APPLICATION,
  MADE_UP_CXONE_CLIENT,
  MADE_UP_GENESYS,
  readInputs,
  refusal
} from '../support/read-inputs.js'
import { openSession } from '../support/session.js'

describe('the input scope', () => {
  const scopeOf = (inputs: Record<string, string>, scope: string) => {
    const request = readInputs({ ...inputs, scope }).inputs?.request
    const form = request?.exchange === 'genesys-long-lived' ? request.initial : request
    return form !== undefined && 'scope' in form ? form.scope : undefined
  }

  test.each([
    ['genesys-login', MADE_UP_GENESYS],
    [
      'a long-lived token through the login host',
      { ...MADE_UP_GENESYS, 'token-kind': 'long-lived', 'service-account-id': 'x' }
    ],
    ['cxone-application', MADE_UP_CXONE_APPLICATION],
    ['cxone-client', MADE_UP_CXONE_CLIENT]
  ])('is part of %s', (_, inputs) =>
    expect(scopeOf(inputs, ' users:read conversations \n')).toBe('users:read conversations')
  )

  test.each(['a', "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", `${'a'.repeat(1999)}b`])('%j is accepted', scope =>
    expect(scopeOf(MADE_UP_GENESYS, scope)).toBe(scope)
  )
  test.each([...['a  b', 'a\tb', 'a\r\nb', 'a"b', 'a\\b', 'ä', 'a\u0000b', 'a\u00a0b'], 'a'.repeat(2001)])(
    '%j is refused',
    scope => {
      const read = readInputs({ ...MADE_UP_GENESYS, scope })
      expect(refusal(read)).toBe(notAllowed('scope', scope))
      expect(read.error?.hint).toBe('Allowed: names separated by single spaces.')
    }
  )
  test('white space is no scope', () =>
    expect(readInputs({ ...MADE_UP_GENESYS, scope: ' ' }).inputs?.request).not.toHaveProperty('scope'))
})

describe('secrets in requests stay secrets', () => {
  const secret = new Secret('s=cret "&"')

  test('the Basic header reports its value first (the example of RFC 7617)', () => {
    const { events, secrets } = openSession()
    const header = basicAuthorization({ id: 'Aladdin', secret: new Secret('open sesame') }, events)
    expect([`${header}`, header.reveal()]).toEqual(['***', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='])
    expect(secrets).toEqual(['QWxhZGRpbjpvcGVuIHNlc2FtZQ=='])
  })

  const fields = { a: 'b c', left: undefined, d: 'é&=' }
  test('a form without a secret: undefined fields are left out', () =>
    expect(formBody(fields)).toBe('a=b+c&d=%C3%A9%26%3D'))

  test.each([
    ['the Bearer header', bearerAuthorization(secret), 'Bearer s=cret "&"'],
    ['a form', secretFormBody(fields, ['p', secret]), 'a=b+c&d=%C3%A9%26%3D&p=s%3Dcret+%22%26%22'],
    ['JSON', secretJsonBody({ id: 'é"' }, ['p', secret]), '{"id":"é\\"","p":"s=cret \\"&\\""}']
  ])('%s: the secret comes last', (_, made, text) =>
    expect([`${made}`, made.reveal()]).toEqual(['***', text])
  )

  test('spellingsOf: every form in which a server could echo the credentials', () => {
    const client = { id: 'me', secret: new Secret('client=1') }
    const accessKey = { id: 'key', secret: new Secret('key 1234') }
    const texts = (found: Secret[]) => found.map(one => one.reveal())
    expect(texts(spellingsOf({}))).toEqual([])
    expect(texts(spellingsOf({ client }))).toEqual([
      'client=1',
      'client%3D1',
      'bWU6Y2xpZW50PTE=',
      'bWU6Y2xpZW50PTE%3D'
    ])
    expect(texts(spellingsOf({ accessKey }))).toEqual(['key 1234', 'key+1234', 'key%201234'])
    expect(spellingsOf({ client, accessKey })).toHaveLength(7)
  })
})
