import { main } from '../main.js'
import { runToEnd } from '../step/ending.js'

await runToEnd(console => main({ env: process.env, console, clock: Date }), process)
