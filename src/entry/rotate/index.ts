import { clock } from '../../lib/clock.js'
import { rotate } from '../../rotate.js'
import { runToEnd } from '../../runner/run-action.js'

await runToEnd(console => rotate({ env: process.env, console, clock }).then(() => () => {}), process)
