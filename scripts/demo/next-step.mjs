/**
 * The step after ours, in a process of its own. It gets what the workflow passes in `env:`, or what `tool-env`
 * exported, and uses the token as a deployment would.
 */
const {
  GENESYSCLOUD_ACCESS_TOKEN,
  GENESYSCLOUD_API_REGION,
  CXONE_ACCESS_TOKEN,
  CXONE_API_URL,
  TOKEN = GENESYSCLOUD_ACCESS_TOKEN ?? CXONE_ACCESS_TOKEN ?? '',
  API_URL = GENESYSCLOUD_API_REGION ?? CXONE_API_URL ?? ''
} = process.env
const claims = TOKEN.split('.')[1]

if (claims !== undefined) {
  const { tenantId } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'))
  console.log(`a token of tenant ${tenantId} at ${API_URL}`)
} else if (API_URL === '') {
  console.log(`an opaque token of ${TOKEN.length} characters`)
} else {
  const answer = await fetch(new URL('/api/v2/tokens/me', API_URL), {
    headers: { Authorization: `Bearer ${TOKEN}` }
  })
  /** @type {any} */
  const { organization, message } = await answer.json()
  console.log(`GET /api/v2/tokens/me → ${answer.status} ${organization?.name ?? message}`)
}
