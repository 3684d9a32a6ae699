import { expect, test } from '@jest/globals'
import { Rollback } from '../../src/runner/rollback.js'

test('runs the actions once, the last one first, also if one fails', () => {
  const rollback = new Rollback()
  const order: string[] = []
  rollback.add(() => order.push('first'))
  rollback.add(() => {
    order.push('second')
    throw new Error('cannot be undone')
  })
  rollback.add(() => order.push('third'))
  expect([rollback.run(), rollback.run()]).toEqual([false, false])
  expect(order).toEqual(['third', 'second', 'first'])
})

test('after it has run, nothing may be published: requireNotRun and add throw', () => {
  const rollback = new Rollback()
  expect(() => rollback.requireNotRun()).not.toThrow()
  rollback.run()
  let added = 0
  expect(() => rollback.requireNotRun()).toThrow('the step is ending')
  expect(() => rollback.add(() => added++)).toThrow('the step is ending')
  rollback.run()
  expect(added).toBe(0)
})

test('an action that was removed does not run', () => {
  const rollback = new Rollback()
  const order: string[] = []
  const remove = rollback.add(() => order.push('removed'))
  rollback.add(() => order.push('kept'))
  remove()
  expect(rollback.run()).toBe(true)
  expect(order).toEqual(['kept'])
})
