import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { startGenesys } from '../../emulator/genesys.mjs'
import type { Intercept } from '../../emulator/server.mjs'
import { main, post } from '../support/bundles.js'
import { cleanUp } from '../support/expected.js'
import { GENESYS } from '../support/inputs.js'
import { testOnPosix } from '../support/posix.js'
import { respond } from '../support/respond.js'
import { cleanup } from '../support/runner.mjs'
import { record, written } from '../support/written.js'

afterAll(cleanup)

/** Runs main, then post against a platform that answers revocations in this way. */
async function runPost(onRevocation: Intercept) {
  const platform = await startGenesys({
    intercept: (request, response, socket) =>
      request.method === 'DELETE' && onRevocation(request, response, socket)
  })
  const ran = await main(platform, { ...GENESYS, 'token-file': 'true' })
  const ended = await post(ran)
  const endedAt = Date.now()
  await platform.close()
  return { platform, ended, endedAt }
}

test.concurrent('a platform that never completes an answer: ten seconds at most, and the job does not fail', async () => {
  const silence: Intercept = () => true
  const drip: Intercept = (_, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('.'), 300).unref()
    response.on('close', () => clearInterval(timer))
    return true
  }
  const results = await Promise.all([silence, drip].map(runPost))
  for (const { platform, ended, endedAt } of results) {
    const [, firstDelete] = platform.requests
    expect(written(ended, platform)).toEqual({
      ...cleanUp('', [1]),
      stdout: expect.stringMatching(
        new RegExp(
          '^::add-mask::\\{token 1\\}\\n::warning::Clean-up: access token not revoked \\(DELETE \\{origin\\}/api/v2/tokens/me ' +
            'failed: no complete response within \\d+ ms, \\d attempts; no time is left of the timeout of 9 s\\); ' +
            'it expires at \\{time\\}; token file removed\\.\\n$'
        )
      )
    })
    expect([ended.leftovers(), ended.timedOut]).toEqual([[], false])
    // Counted from the first request: a busy machine may take long to start the process.
    expect(endedAt - (firstDelete?.at ?? 0)).toBeLessThan(10_000)
  }
})

test.concurrent('the platform is down, and the token file is gone: a warning, and the job does not fail', async () => {
  const platform = await startGenesys()
  const ran = await main(platform, { ...GENESYS, 'token-file': 'true' })
  await platform.close()
  rmSync(dirname(ran.outputs['token-file'] ?? ''), { recursive: true })
  const { exitCode, log } = await post(ran)
  expect([exitCode, log]).toEqual([
    0,
    expect.stringContaining('Warning: Clean-up: access token not revoked (DELETE ')
  ])
  expect(log).toContain('; token file already gone.')
})

test('a token that has expired by the clock is revoked too', async () => {
  const platform = await startGenesys()
  const ran = await main(platform, GENESYS)
  const [name = '', saved = ''] = Object.entries(ran.state).find(([name]) => name.startsWith('token-')) ?? []
  const state = { ...ran.state, [name]: JSON.stringify({ ...JSON.parse(saved), expiresAtMs: 1 }) }
  const ended = await post({ ...ran, state })
  await platform.close()
  expect(written(ended, platform)).toEqual(cleanUp('Clean-up: access token revoked.', [1]))
})

test('a fault that passes: another attempt, one line', async () => {
  let count = 0
  const { platform, ended } = await runPost(
    (request, response) => count++ === 0 && respond({ request, response }, 503, '<html>an error page</html>')
  )
  expect(written(ended, platform)).toEqual(
    cleanUp('Clean-up: access token revoked; token file removed.', [1])
  )
  expect(record(platform)).toEqual([
    'POST /oauth/token Basic 200',
    'DELETE /api/v2/tokens/me token 1 503',
    'DELETE /api/v2/tokens/me token 1 200'
  ])
})

testOnPosix.each(['SIGINT', 'SIGTERM'] as const)(
  '%s: a clean-up ends at once with exit code 0, and leaves no file',
  async signal => {
    const platform = await startGenesys()
    const ran = await main(platform, { ...GENESYS, 'token-file': 'true' })
    const received = new Promise<void>(resolve => {
      platform.intercept = () => {
        resolve()
        return true
      }
    })
    const ended = await post(ran, { signalAfter: received, signal })
    await platform.close()
    expect(written(ended, platform)).toEqual(cleanUp('Clean-up was cancelled.', [1]))
    expect(ended.leftovers()).toEqual([])
  }
)
