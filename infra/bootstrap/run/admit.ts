// Refuses a start that cannot succeed, before anything is prepared for it.
import { Refusal } from '../refusal.ts'
import { cleanUp } from './clean-up.ts'
import { findPortFault } from './port.ts'
import { isRunning, readRecord } from './run-record.ts'

export const admitRun = async (port: number): Promise<void> => {
  const record = readRecord()
  if (record !== undefined && isRunning(record)) {
    throw new Refusal(
      `Runnel already runs from this folder, on http://127.0.0.1:${record.port}: stop it with \`npm stop\`.`,
    )
  }
  if (record !== undefined) {
    process.stdout.write('  Cleaning up after a run that was killed\n')
    await cleanUp(record)
  }
  const fault = await findPortFault(port)
  if (fault === undefined) return
  throw new Refusal(`${fault}: choose another one, for example \`npm start -- --port ${port === 8080 ? 8081 : 8080}\`.`)
}
