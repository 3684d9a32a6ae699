/**
 * Lets Node import the TypeScript of src, where imports name the files that tsc will write. Needs Node 22.18 or newer.
 */
import { registerHooks } from 'node:module'

registerHooks({
  resolve: (specifier, context, next) =>
    next(context.parentURL?.endsWith('.ts') ? specifier.replace(/\.js$/, '.ts') : specifier, context)
})
