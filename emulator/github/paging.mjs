/** Lists, a page at a time. */

const DEFAULT_PER_PAGE = 30
const MAX_PER_PAGE = 100

/**
 * @template T
 * @param {T[]} all
 * @param {URLSearchParams} query
 * @param {string} address  of the list, without a query
 * @returns {{items: T[], headers: Record<string, string>}} one page, and the `Link` header when there are more
 */
export function page(all, query, address) {
  const perPage = Math.min(positive(query.get('per_page'), DEFAULT_PER_PAGE), MAX_PER_PAGE)
  const current = positive(query.get('page'), 1)
  const last = Math.max(1, Math.ceil(all.length / perPage))

  /** @type {[string, number][]} */
  const links = []
  if (current > 1) links.push(['prev', current - 1])
  if (current < last) links.push(['next', current + 1], ['last', last])
  if (current > 1) links.push(['first', 1])
  const text = links.map(([rel, to]) => `<${address}?per_page=${perPage}&page=${to}>; rel="${rel}"`)
  return {
    items: all.slice((current - 1) * perPage, current * perPage),
    headers: text.length > 0 ? { Link: text.join(', ') } : {}
  }
}

/**
 * @param {string | null} text
 * @param {number} otherwise
 */
function positive(text, otherwise) {
  const number = Number(text)
  return Number.isInteger(number) && number > 0 ? number : otherwise
}
