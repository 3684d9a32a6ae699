/**
 * The official toolkit's way to the log and its masks. Its parts are imported one by one, past the package's
 * front door: `@actions/core` itself loads an HTTP client, `child_process` and more, which cost more time than
 * all that a step does before its first request. The versions are exact, and a test runs against the real ones.
 */
import { issueCommand } from '../../../node_modules/@actions/core/lib/command.js'

/** Has the runner hide a value from now on. */
export const setSecret = (value: string): void => issueCommand('add-mask', {}, value)

export const debug = (line: string): void => issueCommand('debug', {}, line)

export const warning = (line: string): void => issueCommand('warning', {}, line)

export const error = (line: string): void => issueCommand('error', {}, line)

export const info = (line: string): void => void process.stdout.write(`${line}\n`)

/** Whether step debugging is on. */
export const isDebug = (): boolean => process.env['RUNNER_DEBUG'] === '1'
