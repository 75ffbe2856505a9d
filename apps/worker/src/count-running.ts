import type { Delivery, Verdict } from '@runnel/queue/consumer'

/** Counts the jobs that `runJob` has at the moment. */
export const countRunning = (runJob: (delivery: Delivery) => Promise<Verdict>) => {
  let count = 0
  return {
    get count() {
      return count
    },
    async run(delivery: Delivery): Promise<Verdict> {
      count += 1
      try {
        return await runJob(delivery)
      } finally {
        count -= 1
      }
    },
  }
}
