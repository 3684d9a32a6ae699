import { PROVIDERS } from './auth/providers.js'
import { post } from './post.js'
import { runAction } from './runner/run-action.js'

await runAction(context => post(context, PROVIDERS), { process, kind: 'post' })
