import { describe, test } from '@jest/globals'

const isPosix = process.platform !== 'win32'

/** What Windows does not have: modes of files, a folder closed to writing, signals that a process can hear. */
export const testOnPosix = isPosix ? test : test.skip
export const describeOnPosix = isPosix ? describe : describe.skip
