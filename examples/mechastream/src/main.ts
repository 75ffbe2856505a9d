import { parseArgs } from 'node:util'
import { buildPage } from './build-page.ts'
import { createExampleServer } from './create-server.ts'

// The component connects to http://localhost:5000, so that is where its page has to be.
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '5000' },
    runnel: { type: 'string', default: 'http://localhost:8080' },
  },
})
const { port, runnel } = values

const server = createExampleServer({ page: await buildPage(), runnel: new URL(runnel) })
server.once('error', (error) => {
  process.stderr.write(`Cannot listen on port ${port}: ${error.message}. Stop what listens there.\n`)
  process.exit(1)
})
server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`The example is at http://localhost:${port}, in front of the Runnel at ${runnel}\n`)
})
