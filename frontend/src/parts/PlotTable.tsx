// The numbers of a plot as a table, for reading out, copying, and for those who do not see the curves.
import { aligned, figure, headOf, inAngstrom, type Axis, type Curve } from "./plotData";

const MOST = 2000;

export function PlotTable(props: { title: string; curves: Curve[]; x: Axis; height: number }) {
  const [places, ...columns] = aligned(props.curves);
  return (
    <div class="plot-table" style={{ height: props.height }} tabIndex={0} role="region" aria-label={`${props.title}, as a table`}>
      <table class="rows">
        <thead>
          <tr>
            <th class="number" scope="col">{headOf(props.x)}</th>
            {props.x.kind === "resolution" && <th class="number" scope="col">Å</th>}
            {props.curves.map((curve) => <th class="number" scope="col">{curve.name}</th>)}
          </tr>
        </thead>
        <tbody>
          {places.slice(0, MOST).map((place, row) => (
            <tr key={row}>
              <td class="number">{figure(place)}</td>
              {props.x.kind === "resolution" && <td class="number">{inAngstrom(place)}</td>}
              {columns.map((column) => <td class="number">{typeof column[row] === "number" ? figure(column[row]) : ""}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
      {places.length > MOST && <p class="quiet dense">The first {MOST} of {places.length} rows; CSV has all.</p>}
    </div>
  );
}
