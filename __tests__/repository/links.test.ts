import { existsSync } from 'node:fs'
import { join } from 'node:path/posix'
import { expect, test } from '@jest/globals'
import { DOCUMENTS, read } from './files.js'

/** Returns the anchors of a page, as GitHub makes them from its headings. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
  )
}

test.each(DOCUMENTS)('links in %s lead to files and headings that exist', page => {
  const text = read(page).replace(/```.*?```/gs, '')
  const targets = [...text.matchAll(/(?:\]\(|(?:src|srcset)=")([^)"\s]+)/g)].map(([, target = '']) => target)
  const broken = targets.filter(target => {
    const [path = '', anchor] = target.split('#')
    if (/^https?:/.test(path)) return false
    const file = path === '' ? page : join(page, '..', path)
    return !existsSync(file) || (anchor !== undefined && !anchorsOf(file).includes(anchor))
  })
  expect(broken).toEqual([])
})

test.each(DOCUMENTS)('%s names only source files that exist', page => {
  const files = [...read(page).matchAll(/`((?:src|scripts|emulator|__tests__)\/[\w./-]+\.\w+)`/g)]
  expect(files.map(([, file = '']) => file).filter(file => !existsSync(file))).toEqual([])
})
