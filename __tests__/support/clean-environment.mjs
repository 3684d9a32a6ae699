import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'

/** Takes out of a test's surroundings what changes how the code under test speaks. */
delete process.env['RUNNER_DEBUG']
// The toolkit ends lines as the system does; the tests say how they end on Linux.
Object.defineProperty(os, 'EOL', { value: '\n' })
syncBuiltinESMExports()
