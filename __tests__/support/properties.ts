import fc from 'fast-check'

/**
 * Where the random cases of a property begin. The gate always tries the same ones: a change must not fail for a case
 * that has nothing to do with it. PROPERTY_SEED tries others (a number, or `random`); a workflow does so every night.
 */
const asked = process.env['PROPERTY_SEED'] || '1'
const seed = asked === 'random' ? Date.now() : Number(asked)
if (!Number.isSafeInteger(seed)) throw new Error(`PROPERTY_SEED is ${asked}: a whole number, or random`)
fc.configureGlobal({ seed: seed | 0 })

export { fc }
