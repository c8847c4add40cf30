/// The page's style sheet and script, whose hashes the content security policy names.
enum PageStyle {
  static let text = """
    :root{color-scheme:light dark;--ink:#1d2126;--faint:#5c6570;--paper:#fff;--card:#f6f7f9;--rule:#d5dae0;--link:#0b5cad;--good:#1e7b34;--bad:#b3261e;--warn:#8a5a00}
    @media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--faint:#a3adb8;--paper:#15181c;--card:#1f242a;--rule:#3a424c;--link:#7db8f5;--good:#6fd08a;--bad:#ff8a80;--warn:#f2c063}}
    *{box-sizing:border-box}
    html{scroll-padding-top:3.2rem}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
    main,header{max-width:82rem;margin:0 auto;padding:0 1rem}
    header{padding-top:1.2rem}
    h1{font-size:1.7rem;line-height:1.2;margin:.2rem 0}
    h2{font-size:1.3rem;margin:2.4rem 0 .6rem;border-bottom:1px solid var(--rule)}
    h3{font-size:1.05rem;margin:1.4rem 0 .4rem}
    a{color:var(--link)}
    nav{position:sticky;top:0;z-index:2;background:var(--paper);border-bottom:1px solid var(--rule)}
    nav ul{max-width:82rem;margin:0 auto;padding:.5rem 1rem;display:flex;gap:.2rem 1.2rem;list-style:none;overflow-x:auto;white-space:nowrap}
    .skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--paper);z-index:9}
    :focus-visible{outline:3px solid var(--link);outline-offset:2px}
    code,.key{font:.86em ui-monospace,monospace;overflow-wrap:anywhere}
    .faint{color:var(--faint)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
    .facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.6rem;margin:1rem 0;padding:0}
    .facts div{background:var(--card);border-radius:.4rem;padding:.5rem .8rem;overflow-wrap:anywhere}
    .facts dt{color:var(--faint);font-size:.85rem}.facts dd{margin:0}
    .wide{overflow-x:auto;margin:.5rem 0}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}
    caption{text-align:left;color:var(--faint);padding:.2rem 0}
    th,td{padding:.22rem .6rem;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap;vertical-align:top}
    th:first-child,td:first-child,.left{text-align:left}
    thead th{border-bottom:2px solid var(--rule);vertical-align:bottom}
    .published{color:var(--faint);background:var(--card)}
    .cost{display:none}
    #costs:checked~main .cost{display:table-cell}
    .switch{position:absolute;opacity:0}
    .switchlabel{display:inline-block;border:1px solid var(--rule);border-radius:.4rem;padding:.15rem .6rem;cursor:pointer}
    #costs:checked~main .switchlabel{background:var(--card);border-color:var(--link)}
    #costs:focus-visible~main .switchlabel{outline:3px solid var(--link)}
    summary{cursor:pointer}
    .cell>summary{list-style:none;text-decoration:underline dotted var(--faint);text-underline-offset:.25em}
    .cell>summary::-webkit-details-marker{display:none}
    .cell[open]>summary{color:var(--link)}
    .sheet{position:fixed;left:0;right:0;bottom:0;z-index:5;max-height:62vh;overflow:auto;text-align:left;white-space:normal;color:var(--ink);background:var(--card);border-top:3px solid var(--link);padding:.8rem max(1rem,calc((100vw - 80rem)/2)) 1.2rem;box-shadow:0 -.4rem 1.6rem #0005}
    .sheet h4{margin:0 0 .4rem;font-size:1rem}
    .sheet p{margin:.3rem 0}
    figure{margin:1rem 0 2rem}
    figure svg,figure img{max-width:100%;height:auto;display:block;background:#fff;border:1px solid var(--rule);border-radius:.3rem}
    figcaption{color:var(--faint);font-size:.92rem;padding:.3rem 0}
    .graph{background:none!important;border:0!important}
    .graph rect{fill:var(--card);stroke:var(--rule)}.graph text{fill:var(--ink);font-size:13px}.graph path{fill:none;stroke:var(--faint)}
    .search{display:none;gap:.6rem;align-items:center;flex-wrap:wrap;margin:.6rem 0}
    .script .search{display:flex}
    input[type=search]{font:inherit;padding:.35rem .6rem;min-width:min(26rem,100%);border:1px solid var(--rule);border-radius:.4rem;background:var(--paper);color:var(--ink)}
    th button{all:unset;cursor:pointer;font-weight:bold}th button:focus-visible{outline:3px solid var(--link)}
    th[aria-sort=ascending] button::after{content:" ▲"}th[aria-sort=descending] button::after{content:" ▼"}
    #instances{table-layout:fixed;width:100%;min-width:64rem}
    #instances th:nth-child(1){width:4.2rem}#instances th:nth-child(3){width:8rem}#instances th:nth-child(4){width:6rem}#instances th:nth-child(5){width:8rem}#instances th:nth-child(6){width:6.5rem}#instances th:nth-child(7){width:8.5rem}#instances th:nth-child(8){width:11rem}
    #instances td:nth-child(8){white-space:normal}
    #instances td:nth-child(2){white-space:normal;overflow-wrap:anywhere;min-width:16rem}
    #instances tr[hidden]{display:none}
    footer{color:var(--faint);max-width:82rem;margin:3rem auto 2rem;padding:0 1rem;font-size:.9rem}
    @media print{nav,.search,.tools,.skip{display:none!important}body{font-size:10pt}.sheet{display:none}.wide{overflow:visible}figure,tr{break-inside:avoid}h2,h3{break-after:avoid}table{font-size:8pt}th,td{padding:.1rem .3rem}a{color:inherit}.cell>summary{text-decoration:none}}
    """

  /// At most 10 KB. The page can be read without it: it sorts and searches the instances, and closes what Escape should close.
  static let script = """
    'use strict';
    document.documentElement.classList.add('script');
    addEventListener('keydown',function(event){
      if(event.key!=='Escape')return;
      document.querySelectorAll('details.cell[open]').forEach(function(cell){cell.open=false;cell.firstElementChild.focus();});
    });
    addEventListener('click',function(event){
      if(event.target.closest('details.cell'))return;
      document.querySelectorAll('details.cell[open]').forEach(function(cell){cell.open=false;});
    });
    document.querySelectorAll('.close').forEach(function(button){
      button.hidden=false;
      button.addEventListener('click',function(){var cell=button.closest('details');cell.open=false;cell.firstElementChild.focus();});
    });
    (function(){
      var table=document.getElementById('instances');
      if(!table)return;
      var body=table.tBodies[0],rows=Array.prototype.slice.call(body.rows),shown=document.getElementById('shown');
      var input=document.getElementById('search'),box=table.closest('details'),texts=null,wait=0;
      function search(){
        if(!texts)texts=rows.map(function(row){return row.textContent.toLowerCase();});
        var words=input.value.toLowerCase().split(/\\s+/).filter(Boolean),count=0;
        rows.forEach(function(row,place){
          var fits=words.every(function(word){return texts[place].indexOf(word)>=0;});
          if(row.hidden===fits)row.hidden=!fits;
          if(fits)count++;
        });
        shown.textContent=count+' of '+rows.length;
        if(words.length&&box)box.open=true;
      }
      input.addEventListener('input',function(){clearTimeout(wait);wait=setTimeout(search,120);});
      shown.textContent=rows.length+' of '+rows.length;
      Array.prototype.forEach.call(table.tHead.rows[0].cells,function(head,column){
        var button=document.createElement('button'),isNumber=head.dataset.kind==='number';
        button.type='button';
        while(head.firstChild)button.appendChild(head.firstChild);
        head.appendChild(button);
        button.addEventListener('click',function(){
          var up=head.getAttribute('aria-sort')!=='ascending';
          Array.prototype.forEach.call(table.tHead.rows[0].cells,function(other){other.removeAttribute('aria-sort');});
          head.setAttribute('aria-sort',up?'ascending':'descending');
          var keyed=rows.map(function(row,place){
            var text=row.cells[column].textContent;
            return {row:row,place:place,key:isNumber?(text===''?-1:parseFloat(text)):text};
          });
          keyed.sort(function(a,b){
            var order=isNumber?a.key-b.key:a.key<b.key?-1:a.key>b.key?1:0;
            return (up?order:-order)||a.place-b.place;
          });
          var part=document.createDocumentFragment();
          keyed.forEach(function(one){part.appendChild(one.row);});
          body.appendChild(part);
        });
      });
    })();
    """
}
