// What every page of the desk does in the browser itself: drafts that outlive a restart, and keys for rows and buttons.

// -- drafts: what is typed into a field with data-draft is kept in this browser until it is sent, for a week at most --
const DRAFT = 'draft:', WEEK = 7 * 24 * 3600 * 1000
function keepDraft(key, text) {
  if (text) localStorage.setItem(DRAFT + key, JSON.stringify({text, at: Date.now()}))
  else localStorage.removeItem(DRAFT + key)
}
function draft(key) {
  return JSON.parse(localStorage.getItem(DRAFT + key) || '{"text": ""}').text
}
function draftsOf(prefix) {
  const keys = Object.keys(localStorage).filter(key => key.startsWith(DRAFT + prefix))
  return Object.fromEntries(keys.map(key => [key.slice((DRAFT + prefix).length), JSON.parse(localStorage.getItem(key)).text]))
}
function dropDrafts(which) {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(DRAFT) && which(JSON.parse(localStorage.getItem(key)), key.slice(DRAFT.length))) localStorage.removeItem(key)
  }
}
dropDrafts(kept => Date.now() - kept.at > WEEK)
document.addEventListener('input', e => { if (e.target.dataset?.draft) keepDraft(e.target.dataset.draft, e.target.value) })
document.addEventListener('submit', e => { if (e.target.action.endsWith('/logout')) dropDrafts(() => true) }, true)

// -- keys: j/k and arrows go through rows, Enter opens one, a letter presses the button that names it --
const TABLE_ROWS = '.grid.clicks tbody tr', ROWS = `.chat-row, a.line, ${TABLE_ROWS}`
let last = ''  // the row that has the focus, found again when its list is built anew
function rowOf(element) { return element?.closest?.(ROWS) }
function step(by) {
  const rows = [...document.querySelectorAll(ROWS)].filter(row => row.offsetParent)
  const here = rows.indexOf(rowOf(document.activeElement))
  const from = here >= 0 ? here : rows.findIndex(row => row.classList.contains('here'))
  const to = rows[Math.min(rows.length - 1, Math.max(0, from + by))]
  to?.focus()
  to?.scrollIntoView({block: 'nearest'})
}
document.addEventListener('keydown', e => {
  const typing = e.target.matches('input, textarea, select, [contenteditable]')
  if (e.key === 'Escape' && typing && !document.querySelector('.q-dialog')) e.target.blur()
  if (typing || e.isComposing || e.ctrlKey || e.altKey || e.metaKey || document.querySelector('.q-dialog, .q-menu')) return
  const row = rowOf(e.target), arrow = row && {ArrowDown: 1, ArrowUp: -1}[e.key]
  const by = {j: 1, k: -1}[e.key] || arrow
  const named = /^[a-z]$/.test(e.key) && document.querySelector(`[aria-keyshortcuts="${e.key}"]`)
  if (by) step(by)
  else if (e.key === 'Enter' && row && row === e.target && row.tagName === 'TR') row.click()
  else if (named) named.matches('textarea') ? named.focus() : named.click()
  else return
  e.preventDefault()
})
document.addEventListener('focusin', e => { last = rowOf(e.target)?.dataset.mark || '' })
document.addEventListener('mousedown', () => { last = '' })

// -- tables: rows can have the focus, and on a narrow screen each cell says what it is (`look.css` makes cards of the rows) --
const NARROW = matchMedia('(max-width: 600px)')
function label(table) {
  const names = [...table.querySelectorAll('thead th')].map(th => th.textContent.replace('arrow_upward', '').trim())
  table.querySelectorAll('tbody tr').forEach(row => [...row.children].forEach((td, n) => { td.dataset.label = names[n] ?? '' }))
}
function labelAll() { if (NARROW.matches) document.querySelectorAll('.grid table').forEach(label) }
NARROW.addEventListener('change', labelAll)
new MutationObserver(() => {
  document.querySelectorAll(`${TABLE_ROWS}:not([tabindex])`).forEach(row => { row.tabIndex = 0 })
  labelAll()
  if (last && document.activeElement === document.body) document.querySelector(`[data-mark="${last}"]`)?.focus()
}).observe(document.documentElement, {childList: true, subtree: true})
