/** Runs the jobs, at most `atOnce` at the same time. Returns the results in the order of the jobs. */
export async function runConcurrently<T, R>(
  jobs: readonly T[],
  atOnce: number,
  run: (job: T) => Promise<R>
): Promise<R[]> {
  const results: R[] = []
  const waiting = jobs.entries()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const [index, job] of waiting) results[index] = await run(job)
    })
  )
  return results
}
