// The least that hands on a token, by hand: one POST, one line. No check, no mask, no limit, no retry.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { appendFileSync } = require('node:fs')

const { CLIENT_ID: id, CLIENT_SECRET: secret, ORIGIN: origin = '', GITHUB_OUTPUT: output = '' } = process.env
const http = require(origin.startsWith('https:') ? 'node:https' : 'node:http')
const headers = {
  Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  'Content-Type': 'application/x-www-form-urlencoded'
}
const request = http.request(
  `${origin}/oauth/token`,
  { method: 'POST', headers },
  (/** @type {import('node:http').IncomingMessage} */ response) => {
    let body = ''
    response.on('data', piece => {
      body += piece
    })
    response.on('end', () => appendFileSync(output, `token=${JSON.parse(body).access_token}\n`))
  }
)
request.end('grant_type=client_credentials')
