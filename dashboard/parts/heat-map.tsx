/** The hours of a week, the stronger the colour the more: a table, so that it can be read and not only looked at. */
import { Box } from '@mantine/core';
import { activityWords } from '../words/activity.ts';
import { shortWeekdayApiWords } from '../words/weekdays.ts';
import { useApiWords, useWords } from './language.tsx';
import { weekdays } from './weekdays.ts';

/** `grid`: seven days from Monday, 24 hours each. */
export function HeatMap({
  grid,
  label,
}: {
  readonly grid: readonly (readonly number[])[];
  readonly label: string;
}) {
  const say = useWords(activityWords);
  const dayName = useApiWords(shortWeekdayApiWords);
  const most = Math.max(1, ...grid.flat());
  return (
    // Reached by keyboard, since it scrolls where it is wider than the window.
    <Box style={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label={label}>
      <table className="heat" aria-label={label}>
        <thead>
          <tr>
            <th scope="col">{say('weekday')}</th>
            {Array.from({ length: 24 }, (_, hour) => (
              <th key={hour} scope="col">
                {hour}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weekdays.map((day, index) => (
            <tr key={day}>
              <th scope="row">{dayName(day)}</th>
              {(grid[index] ?? []).map((count, hour) => (
                <td
                  key={hour}
                  title={`${dayName(day)} ${hour}:00 · ${say('uses', { count })}`}
                  style={{
                    background: `color-mix(in srgb, var(--mantine-color-cyan-7) ${Math.round((count / most) * 60)}%, var(--mantine-color-body))`,
                  }}
                >
                  {count === 0 ? '' : count}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Box>
  );
}
