import { html, type Child, type Html } from './html.js';

/** A column's heading; figures stand under `number` headings to the right. */
export type Heading = string | { readonly text: Child; readonly number: true };

/** A table with a caption for those who hear it: the first cell of each row is the row's heading. */
export function table(caption: string, headings: readonly Heading[], rows: readonly (readonly Child[])[]): Html {
  const isNumber = headings.map((heading) => typeof heading === 'object');
  const head = headings.map((heading, at) => {
    const text = typeof heading === 'object' ? heading.text : heading;
    return html`<th scope="col" ${classOf(isNumber[at])}>${text}</th>`;
  });
  const body = rows.map((cells) => {
    const row = cells.map((cell, at) =>
      at === 0 ? html`<th scope="row">${cell}</th>` : html`<td${classOf(isNumber[at])}>${shown(cell)}</td>`,
    );
    return html`<tr>
      ${row}
    </tr> `;
  });
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div> `;
}

/** Terms with what they are, one below the other. */
export function terms(pairs: readonly (readonly [term: string, what: Child])[]): Html {
  return html`<dl>
    ${pairs.map(
      ([term, what]) =>
        html`<div>
          <dt>${term}</dt>
          <dd>${shown(what)}</dd>
        </div> `,
    )}
  </dl> `;
}

function classOf(isNumber: boolean | undefined): Html | false {
  return isNumber === true && html` class="number"`;
}

function shown(cell: Child): Child {
  return cell === null || cell === undefined || cell === '' ? html`<span class="quiet">–</span>` : cell;
}
