/**
 * The official toolkit, and the only file that knows which of its parts are used. What goes through here
 * reaches the runner: its log, its masks, and its command files.
 */
export {
  debug,
  error,
  exportVariable,
  info,
  isDebug,
  saveState,
  setOutput,
  setSecret,
  summary,
  warning
} from '@actions/core'
