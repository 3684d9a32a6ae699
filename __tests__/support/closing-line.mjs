/** A jest reporter that ends the run with one plain line, which needs no knowledge of jest to be read. */
export default class ClosingLine {
  /** @param {unknown} _contexts @param {import('@jest/reporters').AggregatedResult} results */
  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = results
    const failed = numFailedTests + numRuntimeErrorTestSuites
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''
    for (const { title, fullName, status } of results.testResults.flatMap(({ testResults }) => testResults)) {
      if (status === 'pending') process.stdout.write(`skipped: ${fullName || title}\n`)
    }
    this.line = `${numPassedTests} passed, ${failed} failed${skipped}`
  }

  getLastError() {
    // Called after every reporter is done, the default one's summary included.
    process.stdout.write(`\n${this.line ?? ''}\n`)
    // A test that fails half-way may leave something open; the run ends all the same, with the code that jest chose.
    setTimeout(() => process.exit(), 15_000).unref()
  }
}
