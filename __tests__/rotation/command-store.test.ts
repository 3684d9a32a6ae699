import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { genesys } from '../../src/auth/genesys/provider.js'
import { systemClock } from '../../src/lib/clock.js'
import { Secret } from '../../src/lib/secret.js'
import { CommandStore } from '../../src/rotation/command-store.js'
import { TokenState } from '../../src/runner/token-state.js'
import { waitUntil } from '../support/command-rotation.js'
import { newContext, withRunner } from '../support/in-process.js'
import { testOnPosix } from '../support/posix.js'
import { openSession } from '../support/session.js'

testOnPosix('a step that ends while the store is read again does not say that the token is not stored', () =>
  withRunner(async ({ folder }) => {
    const file = join(folder, 'store')
    writeFileSync(file, 'old value')
    const context = newContext(systemClock)
    const { session } = openSession()
    const target = {
      kind: 'command' as const,
      storeCommand: `touch ${folder}/started; sleep 60`,
      readCommand: `cat ${file}`,
      revokePrevious: false,
      commandTimeoutMs: 30_000,
      isOtherSecret: () => false
    }
    const store = new CommandStore(target, { provider: genesys, context, session, env: process.env })
    await store.prepare()
    const result = store.put(new Secret('a-new-token-of-the-platform'), new TokenState('genesys'))
    await waitUntil(() => existsSync(join(folder, 'started')))
    // It ends store-command, and nothing can be started after it.
    context.rollback.run()
    expect(await result).toMatchObject({ outcome: 'unknown' })
  })
)
