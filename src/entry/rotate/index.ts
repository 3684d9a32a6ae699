import { rotate } from '../../rotate.js'
import { clock } from '../../step/clock.js'
import { runToEnd } from '../../step/ending.js'

await runToEnd(console => rotate({ env: process.env, console, clock }).then(() => () => {}), process)
