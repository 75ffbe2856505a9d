export { createHistory, type History, type HistoryPage } from './history.ts'
export { createWorkerDirectory, type WorkerCount, type WorkerDirectory, type WorkerEntry } from './worker-directory.ts'
