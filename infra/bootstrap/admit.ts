// node admit.ts <port>: refuses a start that cannot succeed, before anything is prepared or started for it.
import { cleanUp } from './clean-up.ts'
import { findPortFault } from './port.ts'
import { isRunning, readRecord } from './run-record.ts'

const findFault = async (port: number): Promise<string | undefined> => {
  const record = readRecord()
  if (record !== undefined) {
    if (isRunning(record)) {
      return `Runnel already runs from this folder, on http://127.0.0.1:${record.port}: stop it with \`npm stop\`.`
    }
    process.stdout.write('  Cleaning up after a run that was killed\n')
    await cleanUp(record)
  }
  const fault = await findPortFault(port)
  if (fault === undefined) return undefined
  return `${fault}: choose another one, for example \`npm start -- --port ${port === 8080 ? 8081 : 8080}\`.`
}

const fault = await findFault(Number(process.argv[2]))
if (fault !== undefined) {
  process.stderr.write(`runnel: ${fault}\n`)
  process.exitCode = 1
}
