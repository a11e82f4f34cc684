// Renders streams of Cucumber Messages as Cucumber's own HTML report, and opens each page.
//
// Reads the paths of NDJSON files from standard input, one a line, and answers each with a line of JSON: null if the
// page shows something, else why it does not. The report draws itself in the browser, so that an id which leads nowhere
// is seen only by a page that was opened. It is the last report that runs on Node 18, which Debian 12 has.

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import { CucumberHtmlStream } from '@cucumber/html-formatter'
import { JSDOM, VirtualConsole } from 'jsdom'

const PATIENCE = 20_000 // milliseconds

const lines = (input) => createInterface({ input, crlfDelay: Infinity })

async function html(path) {
  const formatter = new CucumberHtmlStream()
  const chunks = []
  formatter.on('data', (chunk) => chunks.push(chunk))
  for await (const line of lines(createReadStream(path))) formatter.write(JSON.parse(line))
  formatter.end()
  await finished(formatter)
  return chunks.join('')
}

async function problem(path) {
  const errors = []
  const virtualConsole = new VirtualConsole()
  virtualConsole.on('jsdomError', (error) => errors.push(error.cause?.message ?? error.message))
  virtualConsole.on('error', (...words) => errors.push(words.join(' ')))
  const page = new JSDOM(await html(path), { runScripts: 'dangerously', pretendToBeVisual: true, virtualConsole })
  const content = page.window.document.getElementById('content')
  const deadline = Date.now() + PATIENCE
  while (!errors.length && !content.textContent.trim() && Date.now() < deadline) await setTimeout(5)
  const blank = !content.textContent.trim()
  page.window.close()
  return errors[0] ?? (blank ? 'the page stays blank' : null)
}

for await (const path of lines(process.stdin)) {
  process.stdout.write(`${JSON.stringify(await problem(path).catch(String))}\n`)
}
