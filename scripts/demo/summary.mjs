/** Reads the job summary back, as a person sees it. */

/**
 * @param {string} summary  HTML as the toolkit writes it
 * @returns {[string, string][]}  the table's rows
 */
export function summaryRows(summary) {
  return [...summary.matchAll(/<td>(.*?)<\/td><td>(.*?)<\/td>/g)].map(([, name = '', value = '']) => [
    plain(name),
    plain(value)
  ])
}

/** @param {string} html */
function plain(html) {
  return html.replace(/<[^>]*>/g, '').replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
}
