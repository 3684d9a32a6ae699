import { PROVIDERS } from './auth/providers.js'
import { main } from './main.js'
import { runAction } from './runner/run-action.js'

await runAction(context => main(context, PROVIDERS), { process, kind: 'main' })
