/**
 * A step that follows in the same job: it knows what the workflow hands it in `env:` and nothing else,
 * and uses the token. Run as a process of its own.
 */
const { TOKEN = '', API_URL = '' } = process.env
const claims = TOKEN.split('.')[1]

if (claims !== undefined) {
  const { tenantId } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'))
  console.log(`tenant ${tenantId}`)
} else if (API_URL === '') {
  console.log(TOKEN === '' ? 'no token' : 'an opaque token')
} else {
  const answer = await fetch(new URL('/api/v2/tokens/me', API_URL), {
    headers: { Authorization: `Bearer ${TOKEN}` }
  })
  const { organization, message } = await answer.json()
  console.log(organization ? `${organization.name} (${organization.id})` : `${answer.status} ${message}`)
}
