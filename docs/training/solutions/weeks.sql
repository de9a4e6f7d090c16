-- Working days of each week.
select date_trunc('week', day)::date as week, count(*) as working_days
from {{ ref('working_days') }}
group by 1
