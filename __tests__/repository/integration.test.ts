import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readYaml } from './files.js'
import { type JobRun, runWorkflow, type Surroundings } from './workflow-run.js'

// The integration workflow's own steps, with its own emulator, in place of GitHub's runner. Its last job is a test of
// this folder. On other systems the workflow itself runs it: `bash` is not everywhere what it is there.
const JOBS = ['exchanges', 'composite', 'failures', 'rotate']
const onLinux = process.platform === 'linux' ? describe : describe.skip

onLinux('.github/workflows/integration.yml', () => {
  let runs: JobRun[]
  beforeAll(async () => {
    const only: Surroundings['only'] = ({ os }) => os === undefined || os.startsWith('ubuntu')
    const run = (job: string) =>
      runWorkflow('.github/workflows/integration.yml', { only, jobs: name => name === job })
    runs = (await Promise.all(JOBS.map(run))).flat()
  }, 60_000)
  afterAll(() => {
    for (const { steps } of runs) {
      const pid = steps.find(({ id }) => id === 'emulator')?.outputs['pid']
      if (pid) process.kill(Number(pid))
    }
  })

  test('has these jobs', () => {
    const { jobs } = readYaml('.github/workflows/integration.yml')
    expect(Object.keys(jobs)).toEqual([...JOBS, 'examples'])
  })

  test.each(JOBS)('%s', name => {
    const job = runs.find(run => run.name === name)
    const unexpected = job?.steps.filter(({ id, outcome }) => outcome !== 'success' && !EXPECTED.has(id))
    expect(unexpected).toEqual([])
    expect(job?.result).toBe('success')
  })
})

/** Steps that fail on purpose; what they say is for the workflow's own last step to check. */
const EXPECTED = new Set([
  ...[
    'invalid-input',
    'missing-credential',
    'credentials-rejected',
    'not-offered',
    'organization-not-allowed'
  ],
  ...['lifetime-too-short', 'network', 'forbidden', 'unknown']
])
