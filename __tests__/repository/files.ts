import { copyFileSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'yaml'

// biome-ignore lint/suspicious/noExplicitAny: what stands in a file is what its author wrote
export type Yaml = any

export const WORKFLOWS = globSync('.github/workflows/*.yml').sort()
export const EXAMPLES = globSync('examples/*.yml').sort()
/** The two actions that this repository is there for. */
export const ACTIONS = ['action.yml', 'rotate/action.yml'] as const
export const COMPOSITES = globSync('{.github/actions,examples}/*/action.yml')
/** Every page of the documentation. */
export const DOCUMENTS = globSync('{.,rotate,docs,emulator,examples,__tests__}/*.md').sort()

export const read = (file: string): string => readFileSync(file, 'utf8')
export const readYaml = (file: string): Yaml => parse(read(file))

/** A step, and the file or code block that it stands in. */
interface Step {
  readonly where: string
  readonly step: Yaml
  /** The steps of the same job or action. */
  readonly beside: readonly Yaml[]
}

/** Every step of a workflow, of a composite action, or of a list of steps alone. */
export function stepsIn(where: string, document: Yaml): Step[] {
  const lists: Yaml[][] = Array.isArray(document)
    ? [document]
    : document?.runs?.steps
      ? [document.runs.steps]
      : Object.values(document?.jobs ?? {}).map((job: Yaml) => job.steps ?? [])
  return lists.flatMap(beside => beside.map(step => ({ where, step, beside })))
}

/** The blocks of YAML in a document, each with the line that it begins at. */
export function codeBlocks(file: string): { where: string; text: string }[] {
  const text = read(file)
  return [...text.matchAll(/^```ya?ml\n(.*?)^```/gms)].map(({ 1: block = '', index }) => ({
    where: `${file}:${text.slice(0, index).split('\n').length}`,
    text: block
  }))
}

/** Copies every example into a folder, to the place that its first comment names. */
export function layOutExamples(folder: string): void {
  const workflows = join(folder, '.github/workflows')
  const deploy = join(folder, '.github/actions/deploy')
  for (const path of [workflows, deploy]) mkdirSync(path, { recursive: true })
  for (const file of EXAMPLES) copyFileSync(file, join(workflows, basename(file)))
  copyFileSync('examples/composite-action/action.yml', join(deploy, 'action.yml'))
}
