(function(){"use strict";
function two(n){return(n<10?"0":"")+n}
function ago(s){var m=Math.floor(s/60),h=Math.floor(m/60);
return s<90?s+" s":m<90?m+" min":h<48?h+" h":Math.floor(h/24)+" days"}
document.querySelectorAll("time[datetime]").forEach(function(t){var d=new Date(t.dateTime);if(isNaN(d))return;
t.title=t.dateTime;t.textContent=t.className=="hm"?two(d.getHours())+":"+two(d.getMinutes()):
t.className=="today"&&d.toDateString()==new Date().toDateString()?d.toLocaleTimeString():d.toLocaleString()});
var zone=document.getElementById("zone");if(zone)zone.textContent="in the time zone of this browser";
var run=document.getElementById("run"),age=document.getElementById("age");if(!run||!age)return;
var at=Date.parse(run.dateTime),every=Number(run.getAttribute("data-every"))||60;
function tick(){var s=Math.max(0,Math.round((Date.now()-at)/1000)),stale=s>3*every;
age.textContent=stale?"Last run "+ago(s)+" ago: mita does not run, and this page is out of date":"Last run "+ago(s)+" ago";
document.body.classList.toggle("stale",stale)}
tick();setInterval(tick,5000)})();
