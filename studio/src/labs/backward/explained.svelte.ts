/** What the worker makes of an expression: its graph, and the same pass as matrices. */
import type { ExplainGraph, MatrixPass } from 'chainrule/explain';
import type { ExplainClient, ExplainTrouble } from './client.ts';
import type { Subject, Trouble } from './protocol.ts';
import { isNetSource } from './state.ts';

export class Explained {
  /** The last one that could be drawn. */
  graph: ExplainGraph | null = $state.raw(null);
  /** null for what is not made of layers; undefined until the worker has answered. */
  pass: MatrixPass | null | undefined = $state.raw(undefined);
  trouble: Trouble | null = $state.raw(null);
  /** The worker was asked, and has not answered yet. */
  pending: boolean = $state(true);

  /** Call while a component is set up: follows the subject for as long as it lives. */
  constructor(client: ExplainClient, subject: () => Subject, wantsMatrices: () => boolean) {
    // The graph follows every edit; an answer that comes late is not shown.
    $effect(() => {
      const asked = subject();
      let isCurrent = true;
      this.pending = true;
      client.ask('graph', asked).then(
        answer => {
          if (!isCurrent) return;
          this.graph = answer;
          this.trouble = null;
          this.pending = false;
        },
        (error: ExplainTrouble) => {
          if (!isCurrent) return;
          this.trouble = { message: error.message, at: isNetSource(asked.source) ? null : error.at };
          this.pending = false;
        },
      );
      return () => {
        isCurrent = false;
      };
    });

    $effect(() => {
      const current = this.graph;
      const asked = subject();
      if (current === null || !wantsMatrices()) return;
      const values = Object.fromEntries(current.check.map(({ leaf, value }) => [leaf, value]));
      let isCurrent = true;
      client.ask('matrices', { ...asked, values }).then(
        answer => {
          if (isCurrent) this.pass = answer;
        },
        () => {
          if (isCurrent) this.pass = null;
        },
      );
      return () => {
        isCurrent = false;
      };
    });

    $effect(() => () => client.close());
  }
}
