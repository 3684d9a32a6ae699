/** Tests are TypeScript and ESM; swc strips the types, `tsc` checks them. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023' }, module: { type: 'es6' } }] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // A developer's shell, or a job with debugging on, must not change what is tested.
  setupFiles: ['<rootDir>/__tests__/support/clean-environment.mjs'],
  // Long enough for a busy machine.
  testTimeout: 60_000,
  // A worker a core: most of a test's time is waiting.
  maxWorkers: '100%',
  // Without the entry points of the bundles.
  collectCoverageFrom: ['src/**/*.ts', '!src/run-*.ts'],
  coverageDirectory: 'coverage',
  coverageReporters: ['text-summary', 'json-summary'],
  coverageThreshold: { global: { lines: 95, branches: 95 } },
  reporters: ['default', '<rootDir>/__tests__/support/closing-line.mjs']
}
