/** The official toolkit's way to the runner's command files. It loads `crypto`, so it is loaded when it is needed. */
import {
  issueFileCommand,
  prepareKeyValueMessage
} from '../../../node_modules/@actions/core/lib/file-command.js'

export const setOutput = (name: string, value: string): void =>
  issueFileCommand('OUTPUT', prepareKeyValueMessage(name, value))

export const saveState = (name: string, value: string): void =>
  issueFileCommand('STATE', prepareKeyValueMessage(name, value))

export function exportVariable(name: string, value: string): void {
  process.env[name] = value
  issueFileCommand('ENV', prepareKeyValueMessage(name, value))
}

export const addToSummary = (html: string): void => issueFileCommand('STEP_SUMMARY', html)
